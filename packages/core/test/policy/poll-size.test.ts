import { expect, test } from 'vitest'
import { type PollSizeInput, pollSize } from '../../src/policy/poll-size.ts'

const sized = (input: Partial<PollSizeInput>): number =>
  pollSize({ maxPollIntervalMs: 300_000, meanMs: 90_000, records: 100_000, busyPartitions: 1, parallel: 1, ...input })

test.each<[string, Partial<PollSizeInput>, number]>([
  ['look-ups of 60 to 120 s in an interval of 5 min', {}, 1],
  ['look-ups of 30 s', { meanMs: 30_000 }, 2],
  ['look-ups of 1 s', { meanMs: 1_000 }, 75],
  ['quick look-ups: what Kafka takes by default', { meanMs: 5 }, 500],
  ['a handler that takes no time', { meanMs: 0 }, 500],
  ['one record for each slot, however slow it is', { parallel: 20 }, 20],
  ['slots that the partitions share', { meanMs: 1_000, parallel: 0.2 }, 15],
  ['less than a slot, and slow: one', { parallel: 0.2 }, 1],
  ['more slots than Kafka would hand out', { meanMs: 5, parallel: 1_000 }, 2_000],
  ['nothing known: one for each slot', { meanMs: undefined, records: 0, parallel: 10 }, 10],
  ['nothing known and less than a slot', { meanMs: undefined, records: 0, parallel: 0.1 }, 1],
  ['learning: twice what has ended', { meanMs: 5, records: 4 }, 8],
  ['learning over partitions', { meanMs: 5, records: 40, busyPartitions: 10 }, 8],
  ['a rate limit of one record in 10 s', { meanMs: 5, paceMs: 10_000 }, 7],
])('%s', (_name, input, expected) => {
  expect(sized(input)).toBe(expected)
})
