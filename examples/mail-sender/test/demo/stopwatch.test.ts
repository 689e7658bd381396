import { expect, it } from 'vitest'
import { Stopwatch } from '../../src/demo/stopwatch.ts'

it('measures from the first start to the last lap', () => {
  let nowMs = 5_000
  const watch = new Stopwatch(() => nowMs)
  watch.lap()
  expect(watch.seconds).toBe(0)
  for (const [atMs, act] of [
    [6_000, 'start'],
    [7_000, 'start'],
    [8_000, 'lap'],
    [9_240, 'lap'],
  ] as const) {
    nowMs = atMs
    watch[act]()
  }
  nowMs = 20_000
  expect(watch.seconds).toBe(3.2)
})
