import type { Undecodable, UndecodableKind } from '@holdfast/core'

/** Offsets that no client can decode. */
export interface Damage {
  readonly firstOffset: number
  readonly lastOffset: number
  /** @default 'corrupt' */
  readonly reason?: string
  /** @default 'damaged' */
  readonly kind?: UndecodableKind
  /** Whether it can be read where they end. @default true */
  readonly isBounded?: boolean
  /** After so many fetches they can be decoded. @default never */
  readonly fetches?: number
}

/** The damage of one log. */
export class DamagedRanges {
  #ranges: (Damage & { seen: number })[] = []

  add(damage: Damage): void {
    this.#ranges.push({ ...damage, seen: 0 })
    this.#ranges.sort((one, other) => one.firstOffset - other.firstOffset)
  }

  /** What stands at an offset; each call counts as a fetch. */
  at(offset: number): Undecodable | undefined {
    const found = this.#ranges.find(({ firstOffset, lastOffset }) => firstOffset <= offset && offset <= lastOffset)
    if (found === undefined) return undefined
    if (found.seen >= (found.fetches ?? Number.POSITIVE_INFINITY)) {
      this.#ranges = this.#ranges.filter((range) => range !== found)
      return undefined
    }
    found.seen += 1
    const nextOffset = (found.isBounded ?? true) ? found.lastOffset + 1 : undefined
    const { kind = 'damaged', reason = 'corrupt' } = found
    return { firstOffset: offset, nextOffset, kind, reason: new Error(reason) }
  }

  /** Where the next damage begins. */
  firstAfter(offset: number): number {
    return this.#ranges.find(({ firstOffset }) => firstOffset > offset)?.firstOffset ?? Number.POSITIVE_INFINITY
  }
}
