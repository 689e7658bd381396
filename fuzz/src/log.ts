import type { Random } from 'holdfast-chaos/random'
import { damaged } from './damage.ts'
import { batchFrom, type Entry, oldMessagesFrom, type Written } from './generate.ts'

const MAX_ENTRIES = 4
const OLD_SHARE = 0.15
const WHOLE_SHARE = 0.1

/** A piece of a log as a broker would send it. */
export interface Log {
  readonly set: Buffer
  /** All that was written. */
  readonly written: readonly Written[]
  /** Below this offset nothing is damaged. */
  readonly wholeUntil: number
  readonly end: number
  /** The end as the broker says it, negative where it does not. */
  readonly logEnd: number
}

/** Some entries one behind the other, of which one is damaged mostly: on the wire, or before it was compressed. */
export function logFrom(random: Random): Log {
  const make = random.next() < OLD_SHARE ? oldMessagesFrom : batchFrom
  const entries: Entry[] = []
  let next = random.pick([0, 0, 7, 1_000_000])
  for (let left = 1 + random.below(MAX_ENTRIES); left > 0; left -= 1) {
    const entry = make(next, random)
    entries.push(entry)
    next = entry.endOffset
  }
  const victim = random.next() < WHOLE_SHARE ? undefined : random.below(entries.length)
  const isInner = random.next() < 0.4
  const pieces = entries.map(({ plain, wrap }, index) => {
    if (index !== victim) return wrap(plain)
    return isInner ? wrap(damaged(plain, random)) : damaged(wrap(plain), random)
  })
  return {
    set: Buffer.concat(pieces),
    written: entries.flatMap(({ records }) => records),
    wholeUntil: victim === undefined ? next : (entries[victim]?.records[0]?.offset ?? next),
    end: next,
    logEnd: random.next() < 0.8 ? next : -1,
  }
}
