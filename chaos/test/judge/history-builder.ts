import type { Entry, Note } from '../../src/history/entry.ts'

export const TOPIC = 't'
/** The partition of every record that a builder makes. */
export const PARTITION = `${TOPIC}/0`

interface Run {
  readonly process: string
  readonly offset: number
  readonly from: number
  readonly key?: string
}

/** Writes histories as processes would have. Times are milliseconds, and entries may be written in any order. */
export class HistoryBuilder {
  readonly #entries: Entry[] = []
  #runs = 0

  get entries(): Entry[] {
    return this.#entries.toSorted((a, b) => a.at - b.at)
  }

  note(at: number, process: string, note: Note): this {
    this.#entries.push({ at, process, ...note } as Entry)
    return this
  }

  produced(count: number, keyOf: (offset: number) => string = () => 'k'): this {
    for (let offset = 0; offset < count; offset += 1)
      this.note(0, 'program', {
        kind: 'produced',
        topic: TOPIC,
        partition: 0,
        offset,
        key: keyOf(offset),
        sequence: offset,
      })
    return this
  }

  joined(at: number, process: string, generation: number, partitions: readonly string[] = [PARTITION]): this {
    return this.note(at, process, { kind: 'joined', generation, epoch: generation, partitions, added: partitions })
  }

  /** An attempt that ends. */
  ran({ process, offset, from, key = 'k' }: Run, to: number): this {
    return this.started({ process, offset, from, key }).note(to, process, { kind: 'end', ...this.#touched(offset) })
  }

  /** An attempt of which nothing more is heard. */
  started({ process, offset, from, key = 'k' }: Run): this {
    this.#runs += 1
    return this.note(from, process, { kind: 'start', ...this.#touched(offset), key, sequence: offset })
  }

  /** The attempt that was started last is aborted. */
  aborted(at: number, process: string, offset: number, reason: string): this {
    return this.note(at, process, { kind: 'abort', ...this.#touched(offset), reason })
  }

  /** The attempt that was started last ends. */
  ended(at: number, process: string, offset: number): this {
    return this.note(at, process, { kind: 'end', ...this.#touched(offset) })
  }

  sampled(at: number, offset: number, doneAhead: readonly number[] = []): this {
    return this.note(at, 'program', {
      kind: 'sample',
      topic: TOPIC,
      partition: 0,
      askedAt: at - 1,
      offset,
      doneAhead,
    })
  }

  killed(at: number, target: string): this {
    return this.note(at, 'program', { kind: 'fault', fault: 'kill', target }).note(at + 1, 'program', {
      kind: 'exit',
      target,
      code: null,
      signal: 'SIGKILL',
      isExpected: true,
    })
  }

  #touched(offset: number) {
    return { topic: TOPIC, partition: 0, offset, run: this.#runs }
  }
}
