import { createFakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { outbox } from '../../src/outbox/outbox.ts'
import { message, OutboxScene, valuesOf } from '../support/outbox-scene.ts'

test('a database that has died without a word is told, and the relay goes on with another connection', async () => {
  await using scene = await OutboxScene.set()
  await scene.outbox.enqueue(scene.pool, [message('1')])
  const clock = createFakeClock()
  const [errors, written] = [[] as unknown[], [] as string[]]
  let clients = 0
  const silent = {
    totalCount: 0,
    query: (text: string, values?: unknown[]) => scene.pool.query(text, values),
    connect: async () => {
      const client = await scene.pool.connect()
      if (++clients > 1) return client
      // As of a host that lost its power: what is sent is never answered, and the connection never ends.
      return new Proxy(client, {
        get: (target, name) => {
          if (name === 'query') return () => target.query('select pg_sleep(5)')
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
  const relay = outbox(silent, { table: scene.table }).relay({
    clock,
    produce: async (records) => void written.push(...valuesOf(records)),
    onError: (error) => void errors.push(error),
  })
  relay.start()
  await expect
    .poll(async () => {
      await clock.advance(10_000)
      return written
    })
    .toEqual(['1'])
  expect(errors).toHaveLength(1)
  await expect.poll(() => scene.pool.totalCount - scene.pool.idleCount).toBe(0)
  await relay.stop()
})
