import { expect, test } from 'vitest'
import { AnsweredFetches } from '../../src/fetch/answered-fetches.ts'

const place = (partition: number) => ({ topic: 't', partition })
const request = (...partitions: number[]) => ({
  topics: [{ topic: 't', partitions: partitions.map((partition) => ({ partition, fetchOffset: '0', maxBytes: 1 })) }],
})
const response = (partition: number, lastStableOffset?: string) => ({
  responses: [
    {
      topicName: 't',
      partitions: [{ partition, messages: [], ...(lastStableOffset === undefined ? {} : { lastStableOffset }) }],
    },
  ],
})

test('what was asked for counts, whether it brought something or not', () => {
  const answered = new AnsweredFetches()
  answered.note(request(0, 1), response(0))
  answered.note(request(1), { responses: [] })
  expect([0, 1, 2].map((partition) => answered.count(place(partition)))).toEqual([1, 2, 0])
})

test('the last stable offset is that of the last answer that had one, and is not kept past an assignment', () => {
  const answered = new AnsweredFetches()
  answered.note(request(0), response(0))
  expect(answered.stableEnd(place(0))).toBeUndefined()
  for (const said of ['7', '-1', undefined]) answered.note(request(0), response(0, said))
  expect(answered.stableEnd(place(0))).toBe(7)
  answered.forget([place(0)])
  expect([answered.stableEnd(place(0)), answered.count(place(0))]).toEqual([undefined, 4])
})
