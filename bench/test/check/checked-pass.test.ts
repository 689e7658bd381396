import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CheckedPass } from '../../src/check/checked-pass.ts'
import { writeKey } from '../../src/check/key-number.ts'

const key = Buffer.from(writeKey(1))
const stop = async (): Promise<void> => undefined

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function passOver(offsets: readonly number[]): CheckedPass {
  const pass = new CheckedPass('key', { partitions: 1, records: 3, keys: 2 })
  for (const offset of offsets) {
    pass.started(0, offset, key)
    pass.ended(0, key)
  }
  return pass
}

test('a pass that keeps its promises tells what it used', async () => {
  expect((await passOver([0, 1, 2]).finish(stop)).rssMiB).toBeGreaterThan(0)
})

test('a pass that repeats a record and leaves one out fails', async () => {
  await expect(passOver([0, 1, 1]).finish(stop)).rejects.toThrow(
    /reordering at .* offset 1.*1 of 3 records never started/,
  )
})

test('a pass that loses a record stalls', async () => {
  const finished = expect(passOver([0, 1]).finish(stop)).rejects.toThrow('stalled after 2 of 3 records')
  await vi.advanceTimersByTimeAsync(61_000)
  await finished
})
