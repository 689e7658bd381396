import { type ConsumerRecord, on } from '@holdfast/core'
import { createFakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { memoryStore } from '../../src/memory/memory-store.ts'
import { claimOf } from '../../src/middleware/held.ts'
import { idempotent } from '../../src/middleware/idempotent.ts'
import { FaultyStore } from '../support/faulty-store.ts'
import { onceScene } from '../support/scene.ts'

test.each([[false], [true]])(
  'the same key for a consumer and its handler is claimed once, batch: %s',
  async (batch) => {
    const clock = createFakeClock()
    const store = new FaultyStore(memoryStore({ clock }))
    const seen: unknown[] = []
    const work = (...[given]: readonly unknown[]): void => {
      for (const record of [given].flat() as ConsumerRecord[]) seen.push(claimOf(record)?.token)
    }
    const use = [idempotent({ store })]
    const handler = batch ? on('t', { use, batch: true }, work) : on('t', { use }, work)
    const { produce, broker } = await onceScene({
      clock,
      store,
      once: { key: 'offset' },
      consumer: { handlers: [handler] },
    })
    produce('a', 'b')
    await clock.advance('10s')
    expect(seen).toEqual([1, 2])
    expect(broker.committed('t', 0)).toBe(2)
    expect(store.calls.flatMap(({ entries }) => entries)).toHaveLength(4)
  },
)

test.each(['keep', 'release'] as const)(
  'a dead letter leaves its key to another payload when its lease has ended, onFailure: %s',
  async (onFailure) => {
    let fails = true
    const { produce, clock, calls, events, store } = await onceScene({
      once: { onFailure, key: () => 'k', fingerprint: true, leaseMs: 5_000 },
      consumer: { deadLetterTopic: 't.dead' },
      work: () => {
        if (fails) throw new Error('no')
      },
    })
    store.down.add('release')
    produce('a')
    await clock.advance('10s')
    store.down.clear()
    fails = false
    await clock.advance('60s')
    produce('b')
    await clock.advance('10s')
    expect(events('record:dead').map(({ error }) => String(error))).toEqual(['Error: no'])
    expect(calls).toEqual(['a', 'b'])
  },
)
