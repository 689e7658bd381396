import type { DriverContext } from '@holdfast/core'
import { expect, test } from 'vitest'
import { Fetching } from '../../src/fetch/fetching.ts'
import type { ClusterInternals, FetchRequest } from '../../src/internals/cluster.ts'

const start = { topic: 't', partition: 0, position: 5, committed: 5 }
const request = (): FetchRequest =>
  ({ topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: '0', maxBytes: 1 }] }] }) as FetchRequest

/** What is read of a log that begins at 12, and the resets that the core was told. */
function reading(): { fetching: Fetching; resets: number[] } {
  const resets: number[] = []
  const sink = { reset: (_: unknown, to: number) => resets.push(to), advanced: () => undefined }
  const context = { autoOffsetReset: 'earliest', maxPartitionFetchBytes: 1, sink } as unknown as DriverContext
  const logStarts = [{ topic: 't', partitions: [{ partition: 0, offset: '12' }] }]
  const fetching = new Fetching(
    context,
    () => ({ fetchTopicsOffset: async () => logStarts }) as unknown as ClusterInternals,
  )
  fetching.begin(1, [start])
  return { fetching, resets }
}

const outOfRange = (): Error =>
  Object.assign(new Error('out of range'), { name: 'KafkaJSOffsetOutOfRange', topic: 't', partition: 0 })

test('a position outside the log is moved to its start, and the next request asks from there', async () => {
  const { fetching, resets } = reading()
  expect(await fetching.fetch(request(), () => Promise.reject(outOfRange()))).toEqual({ responses: [] })
  expect(resets).toEqual([12])
  const next = request()
  await fetching.fetch(next, async () => ({ responses: [] }))
  expect(next.topics[0]?.partitions[0]?.fetchOffset).toBe('12')
})

// kafkajs answers that error with a commit of −1 or −2 under the generation that is in force by then.
test.each([
  ['while a join is under way', ({ fetching }: { fetching: Fetching }) => fetching.halt()],
  [
    'after the next assignment',
    ({ fetching }: { fetching: Fetching }) => {
      fetching.halt()
      fetching.begin(2, [])
    },
  ],
])('an answer out of range that comes %s never reaches kafkajs, and moves nothing', async (_when, goOn) => {
  const made = reading()
  const answer = made.fetching.fetch(request(), async () => {
    goOn(made)
    throw outOfRange()
  })
  expect(await answer).toEqual({ responses: [] })
  expect(made.resets).toEqual([])
})
