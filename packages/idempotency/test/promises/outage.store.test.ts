import { setTimeout as sleep } from 'node:timers/promises'
import { type ConsumerRecord, createConsumer, on } from '@holdfast/core'
import { fakeBroker } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { quietLogger } from '../../../kafkajs/test/support/quiet-logger.ts'
import { batched } from '../../src/batching/batched-store.ts'
import { idempotent } from '../../src/middleware/idempotent.ts'
import { OWN_STORES } from '../support/own-stores.ts'

test.each(OWN_STORES)(
  '%s killed while effects are made: none without a claim, none twice, and all goes on by itself',
  async (_name, serve, open) => {
    await using server = await serve()
    const { store, close } = await open(server)
    const broker = fakeBroker()
    broker.createTopic('t')
    const effects: string[] = []
    let ended: Promise<void> | undefined
    let running = 0
    let refused = 0
    const consumer = createConsumer({
      driver: broker.driver(),
      groupId: 'g',
      delivery: 'exactly-once',
      order: 'none',
      maxAttempts: 1,
      logger: quietLogger,
      handlers: [
        on('t', async ({ value }: ConsumerRecord) => {
          running += 1
          await sleep(5)
          effects.push(String(value))
          // Effects of others are under way: some are made and not noted, some are claimed, some are not.
          if (effects.length === 25) ended = server.process?.kill()
          await ended
          running -= 1
        }),
      ],
      use: [
        idempotent({
          store: batched(store, { timeoutMs: 300 }),
          leaseMs: 1_000,
          key: ({ value }) => value as Uint8Array,
        }),
      ],
    })
    consumer.on('attempt:failed', () => {
      refused += 1
    })
    const run = consumer.run()
    try {
      broker.produce(
        't',
        Array.from({ length: 60 }, (_, index) => ({ value: String(index) })),
      )
      await expect.poll(() => ended !== undefined, { timeout: 20_000 }).toBe(true)
      await ended
      // What is refused from here on is so because of the kill: a busy machine may have refused a slow first call.
      const refusedAtKill = refused
      await expect.poll(() => refused, { timeout: 20_000 }).toBeGreaterThan(refusedAtKill)
      await expect
        .poll(() => consumer.status().health.reasons.map(({ code }) => code), { timeout: 10_000 })
        .toContain('dependency-down')
      await expect.poll(() => running, { timeout: 10_000 }).toBe(0)
      const [before, refusedBefore] = [effects.length, refused]
      await expect.poll(() => refused, { timeout: 20_000 }).toBeGreaterThan(refusedBefore + 5)
      expect(effects.length).toBe(before)
      await server.process?.start()
      await expect.poll(() => broker.committed('t', 0, 'g'), { timeout: 30_000 }).toBe(60)
      expect(effects.toSorted()).toEqual(Array.from({ length: 60 }, (_, index) => String(index)).toSorted())
      expect(consumer.status().health.status).toBe('healthy')
    } finally {
      await consumer.stop()
      await run
      await close()
    }
  },
)
