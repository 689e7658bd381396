import { type Entry, entriesOf, type Joined } from '../history/entry.ts'

export interface Span {
  readonly from: number
  readonly to: number
}

/** Who was a member when, who was killed, and who was frozen and did not know yet. */
export class Membership {
  readonly #joins: readonly Joined[]
  readonly #joinsOf: ReadonlyMap<string, readonly Joined[]>
  readonly #takeovers: ReadonlyMap<string, readonly Joined[]>
  readonly #killed: ReadonlySet<string>
  readonly #goneAt: ReadonlyMap<string, number>
  readonly #frozen: ReadonlyMap<string, readonly Span[]>

  constructor(entries: readonly Entry[]) {
    this.#joins = entriesOf(entries, 'joined')
    this.#joinsOf = Map.groupBy(this.#joins, ({ process }) => process)
    this.#takeovers = joinsByPartition(this.#joins)
    this.#killed = new Set(entriesOf(entries, 'fault').flatMap(({ fault, target }) => (fault === 'kill' ? target : [])))
    this.#goneAt = new Map(entriesOf(entries, 'exit').map(({ target, at }) => [target, at]))
    this.#frozen = findFrozenSpans(entries)
  }

  get rebalances(): number {
    return new Set(this.#joins.map(({ generation }) => generation)).size
  }

  /** When a partition was assigned to a process that worked on it at `at`. */
  assignedAt(process: string, partition: string, at: number): number {
    return this.#joinsOf.get(process)?.findLast((join) => join.at <= at && join.added.includes(partition))?.at ?? at
  }

  /** When the partition was assigned anew, to whomever, after `at`. */
  takenOverAt(partition: string, at: number): number | undefined {
    return this.#takeovers.get(partition)?.find((join) => join.at > at)?.at
  }

  killedAt(process: string): number | undefined {
    return this.#killed.has(process) ? this.#goneAt.get(process) : undefined
  }

  /** When the process ended, however that came. */
  goneAt(process: string): number | undefined {
    return this.#goneAt.get(process)
  }

  /** From when it was frozen until it knew that it had lost its membership, where that includes `at`. */
  frozenSpan(process: string, at: number): Span | undefined {
    return this.#frozen.get(process)?.find(({ from, to }) => from <= at && at <= to)
  }

  spansOf(process: string): readonly Span[] {
    return this.#frozen.get(process) ?? []
  }
}

function joinsByPartition(joins: readonly Joined[]): Map<string, Joined[]> {
  const byPartition = new Map<string, Joined[]>()
  for (const join of joins) {
    for (const partition of join.added) {
      const list = byPartition.get(partition)
      if (list === undefined) byPartition.set(partition, [join])
      else list.push(join)
    }
  }
  return byPartition
}

function findFrozenSpans(entries: readonly Entry[]): Map<string, Span[]> {
  const spans = new Map<string, Span[]>()
  for (const { at: from, target } of entriesOf(entries, 'fault').filter(({ fault }) => fault === 'freeze')) {
    const knows = entriesOf(entries, 'lost', 'joined', 'exit').find(
      (entry) => entry.at > from && (entry.kind === 'exit' ? entry.target : entry.process) === target,
    )
    const span = { from, to: knows?.at ?? Number.POSITIVE_INFINITY }
    spans.set(target, [...(spans.get(target) ?? []), span])
  }
  return spans
}
