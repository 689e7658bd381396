import { expect, test } from 'vitest'
import { message, OutboxScene, valuesOf } from '../support/outbox-scene.ts'

test('a message that its topic refuses repeats those before it a few times at the most', async () => {
  await using scene = await OutboxScene.set()
  const values = Array.from({ length: 60 }, (_, at) => String(at))
  await scene.outbox.enqueue(
    scene.pool,
    values.map((value) => message(value)),
  )
  const times = new Map<string, number>()
  // As the producer of kafkajs does: what comes before the refused record in its partition is written, in halves.
  const relay = scene.relay(
    async (records) => {
      for (const value of valuesOf(records)) {
        if (value === '50') throw new Error('too large')
        times.set(value, (times.get(value) ?? 0) + 1)
      }
    },
    { retryBackoffMs: 1, retryBackoffMaxMs: 1, pollIntervalMs: 1 },
  )
  await expect.poll(() => relay.relayed, { timeout: 5_000 }).toBe(50)
  expect(Math.max(...times.values())).toBeLessThan(10)
})
