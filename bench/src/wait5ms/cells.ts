import type { WayName } from '../work/ways.ts'

/** Arms that run beside each other on one topic. */
export interface Cell {
  readonly partitions: number
  readonly slots: number
  readonly arms: readonly WayName[]
}

/**
 * Every number of partitions with every number of slots for the arms that have slots. `eachMessage` has one handler at a
 * time, or one per partition, whatever is asked for: it runs once per number of partitions, and its slots are those.
 */
export function cellsOf(partitions: readonly number[], slots: readonly number[]): Cell[] {
  return partitions.flatMap((count) => {
    const arms = new Map<number, WayName[]>(slots.map((number) => [number, ['holdfast key order', 'pool per batch']]))
    const add = (number: number, arm: WayName): void => {
      arms.set(number, [...(arms.get(number) ?? []), arm])
    }
    add(1, 'eachMessage')
    add(count, 'eachMessage, partitions at once')
    return [...arms].map(([number, names]) => ({ partitions: count, slots: number, arms: names }))
  })
}
