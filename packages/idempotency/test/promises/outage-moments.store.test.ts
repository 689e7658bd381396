import { type ConsumerRecord, createConsumer, type HandlerContext, on } from '@holdfast/core'
import { fakeBroker, type ServerProcess } from '@holdfast/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { quietLogger } from '../../../kafkajs/test/support/quiet-logger.ts'
import { until } from '../../../kafkajs/test/support/until.ts'
import { batched } from '../../src/batching/batched-store.ts'
import { idempotent } from '../../src/middleware/idempotent.ts'
import type { IdempotencyStore } from '../../src/store.ts'
import { OWN_STORES, type OwnStore } from '../support/own-stores.ts'

const PATIENCE = { timeout: 30_000 }

/** A consumer whose effects are the values of its records, over a store with calls that fail soon. */
async function scene({ store }: OwnStore, leaseMs: number, work: (context: HandlerContext) => unknown) {
  const broker = fakeBroker()
  broker.createTopic('t')
  const [effects, renewals] = [[] as string[], [] as string[]]
  const timed = batched(store, { timeoutMs: 300 })
  const counted: IdempotencyStore = {
    name: timed.name,
    check: (warn) => timed.check?.(warn) ?? Promise.resolve(),
    claim: (asked) => timed.claim(asked),
    complete: (asked) => timed.complete(asked),
    release: (asked) => timed.release(asked),
    renew: (asked) => {
      const answer = timed.renew(asked)
      answer.then(
        () => renewals.push('ok'),
        () => renewals.push('refused'),
      )
      return answer
    },
  }
  const consumer = createConsumer({
    driver: broker.driver(),
    groupId: 'g',
    delivery: 'exactly-once',
    order: 'none',
    maxAttempts: 1,
    logger: quietLogger,
    handlers: [
      on('t', async ({ value }: ConsumerRecord, context) => {
        await work(context)
        effects.push(String(value))
      }),
    ],
    use: [idempotent({ store: counted, leaseMs, key: ({ value }) => value as Uint8Array })],
  })
  const joined = new Promise((resolve) => consumer.on('group:joined', resolve))
  const running = consumer.run()
  await joined
  return {
    effects,
    renewals,
    produce: (value: string) => broker.produce('t', [{ value }]),
    committed: () => expect.poll(() => broker.committed('t', 0, 'g'), PATIENCE),
    reasons: () => expect.poll(() => consumer.status().health.reasons.map(({ code }) => code), PATIENCE),
    async [Symbol.asyncDispose]() {
      await consumer.stop({ timeoutMs: 0 }).catch(() => undefined)
      await running
    },
  }
}

describe.each(OWN_STORES)('%s', (_name, serve, open) => {
  let [server, own] = [] as unknown as [Awaited<ReturnType<typeof serve>>, OwnStore]
  beforeEach(async () => {
    server = await serve()
    own = await open(server)
  })
  afterEach(async () => {
    await own.close()
    await server.stop()
  })
  const power = (): ServerProcess => server.process as ServerProcess
  /** Postgres's connections have processes of their own, which may answer once more after the first one has died. */
  const goDown = async (): Promise<void> => {
    await power().kill()
    const asked = { key: 'probe', owner: 'o', fingerprint: null, leaseMs: 1_000, windowMs: 1_000 }
    const timed = batched(own.store, { timeoutMs: 100 })
    await until(
      'no answer',
      () =>
        timed.claim([asked]).then(
          () => true,
          () => false,
        ),
      (isAnswered) => !isAnswered,
    )
  }

  test('down when a record comes: its handler is not called before the store is back', async () => {
    await using story = await scene(own, 5_000, () => undefined)
    await goDown()
    story.produce('a')
    await story.reasons().toContain('dependency-down')
    expect(story.effects).toEqual([])
    await power().start()
    await story.committed().toBe(1)
    expect(story.effects).toEqual(['a'])
  })

  test('down between an effect and its note: the note is written when it is back, and the effect is not made again', async () => {
    await using story = await scene(own, 5_000, () => (story.effects.length === 0 ? goDown() : undefined))
    story.produce('a')
    await story.reasons().toContain('dependency-down')
    await power().start()
    await story.committed().toBe(1)
    story.produce('a')
    await story.committed().toBe(2)
    expect(story.effects).toEqual(['a'])
  })

  test('without an answer to a renewal, for less than the lease: it is renewed later, and the handler goes on', async () => {
    const signals: AbortSignal[] = []
    await using story = await scene(own, 6_000, async ({ signal }) => {
      signals.push(signal)
      const goOn = await own.stall()
      await until(
        'a renewal without an answer',
        () => story.renewals,
        (told) => told.includes('refused'),
      )
      await goOn()
      await until(
        'a renewal',
        () => story.renewals,
        (told) => told.at(-1) === 'ok',
      )
    })
    story.produce('a')
    await story.committed().toBe(1)
    expect([story.effects, signals.map(({ aborted }) => aborted)]).toEqual([['a'], [false]])
  })

  test('down for longer than the lease while a handler runs: it is told, and the record has its turn when it is back', async () => {
    const reasons: unknown[] = []
    await using story = await scene(own, 900, async ({ signal }) => {
      if (reasons.length > 0) return
      await goDown()
      await until(
        'the end of the lease',
        () => signal.aborted,
        (isAborted) => isAborted,
      )
      reasons.push(signal.reason)
      throw signal.reason
    })
    story.produce('a')
    await expect.poll(() => reasons, PATIENCE).toMatchObject([{ code: 'HF_CLAIM_LOST' }])
    expect(story.effects).toEqual([])
    await power().start()
    await story.committed().toBe(1)
    expect(story.effects).toEqual(['a'])
  })
})
