import { expect, test, vi } from 'vitest'
import { FetchPauses } from '../../src/fetch/pauses.ts'

const at = (partition: number) => ({ partition, fetchOffset: '0', maxBytes: 1 })
const REQUEST = {
  topics: [
    { topic: 'a', partitions: [at(0), at(1)] },
    { topic: 'b', partitions: [at(0)] },
  ],
}

test('what is paused is left out of a request, and comes back when it is resumed', () => {
  const pauses = new FetchPauses()
  expect(pauses.apply(REQUEST)).toBe(REQUEST)
  pauses.pause([
    { topic: 'a', partition: 1 },
    { topic: 'b', partition: 0 },
  ])
  expect(pauses.apply(REQUEST)).toEqual({ topics: [{ topic: 'a', partitions: [at(0)] }] })
  pauses.pause([{ topic: 'a', partition: 0 }])
  expect(pauses.apply(REQUEST)).toBeUndefined()
  pauses.resume([{ topic: 'b', partition: 0 }])
  expect(pauses.apply(REQUEST)).toEqual({ topics: [{ topic: 'b', partitions: [at(0)] }] })
  pauses.resume([
    { topic: 'a', partition: 0 },
    { topic: 'a', partition: 1 },
  ])
  expect(pauses.apply(REQUEST)).toBe(REQUEST)
})

test('who waits goes on at a resume, or when the time is over', async () => {
  vi.useFakeTimers()
  try {
    const pauses = new FetchPauses()
    const gone: string[] = []
    const wait = (name: string, limitMs: number) => pauses.untilResumed(limitMs).then(() => gone.push(name))
    const [first, second] = [wait('first', 250), wait('second', 100)]
    await vi.advanceTimersByTimeAsync(100)
    expect(gone).toEqual(['second'])
    pauses.resume([])
    await Promise.all([first, second])
    expect(gone).toEqual(['second', 'first'])
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
