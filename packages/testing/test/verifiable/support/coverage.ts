import { partitionName } from '@holdfast/core'
import type { ConsumedRange } from '../../../src/verifiable/lines.ts'

export interface Coverage {
  /** One past the highest offset, by partition. */
  readonly ends: ReadonlyMap<string, number>
  /** Offsets below an end that nobody consumed. */
  readonly missing: readonly string[]
  /** Offsets that were consumed more than once. */
  readonly repeated: readonly string[]
}

/** What a whole group has consumed, whoever did and in whatever order it was told. */
export function coverageOf(ranges: readonly ConsumedRange[]): Coverage {
  const times = new Map<string, number[]>()
  for (const range of ranges) {
    const name = partitionName(range)
    const counts = times.get(name) ?? []
    times.set(name, counts)
    for (let { minOffset: offset } = range; offset <= range.maxOffset; offset += 1)
      counts[offset] = (counts[offset] ?? 0) + 1
  }
  const having = (is: (count: number) => boolean): string[] =>
    [...times].flatMap(([name, counts]) =>
      Array.from(counts, (count = 0, offset) => (is(count) ? [`${name}@${offset}`] : [])).flat(),
    )
  return {
    ends: new Map([...times].map(([name, counts]) => [name, counts.length])),
    missing: having((count) => count === 0),
    repeated: having((count) => count > 1),
  }
}
