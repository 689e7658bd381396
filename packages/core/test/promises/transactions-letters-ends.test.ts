import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createFakeClock } from '../../../testing/src/fake-clock.ts'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { on } from '../../src/pipeline/handler.ts'
import type { DriverFactory } from '../../src/ports/driver.ts'
import { type CopyOptions, numbers, ON, pass } from '../support/copy-scene.ts'
import { rig, values } from '../support/harness.ts'

const DEAD = 't.dead'
const UNREACHABLE = new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.')
const NO_SEVENS = on('t', ({ key, value }, { produce }) => {
  produce({ topic: 'out', key, value })
  if (String(value).endsWith('7')) throw new Error('no')
})

/** A clock that also says how many timers of one delay are pending. */
function countingClock() {
  const clock = createFakeClock()
  const pending = new Set<{ readonly delayMs: number }>()
  const { setTimer } = clock
  clock.setTimer = (callback, delayMs) => {
    const entry = { delayMs }
    pending.add(entry)
    const timer = setTimer(() => {
      pending.delete(entry)
      callback()
    }, delayMs)
    const clear = (): void => {
      pending.delete(entry)
      timer.clear()
    }
    return { clear }
  }
  return { clock, pendingOf: (delayMs: number) => [...pending].filter((each) => each.delayMs === delayMs).length }
}

/** The results of its transactions come when the test lets them. */
function lateAnswers(factory: DriverFactory): { readonly driver: DriverFactory; readonly answer: () => void } {
  const held = Promise.withResolvers<void>()
  const driver: DriverFactory = {
    ...factory,
    create: (context) => {
      const made = factory.create(context)
      const transact = made.transact?.bind(made)
      return Object.assign(made, {
        transact: async (...given: Parameters<NonNullable<typeof transact>>) => {
          const result = await transact?.(...given)
          await held.promise
          return result
        },
      })
    },
  }
  return { driver, answer: held.resolve }
}

async function copying(options: CopyOptions = {}, wrap: (driver: DriverFactory) => DriverFactory = (same) => same) {
  const broker = fakeBroker()
  for (const topic of ['t', 'out', DEAD]) broker.createTopic(topic)
  const { clock, pendingOf } = countingClock()
  const given = { ...ON, maxAttempts: 1, handlers: [NO_SEVENS], deadLetterTopic: DEAD, ...options }
  const made = rig({ driver: wrap(broker.driver()), ...given }, clock)
  made.start()
  await clock.settle()
  return { ...made, broker, pendingOf }
}

beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0.5))
afterEach(() => void vi.restoreAllMocks())

describe('of a batch', () => {
  test.each(['key', 'partition'] as const)(
    'what comes after a letter waits for it as well, and follows its record after a crash: order %s',
    async (order) => {
      let isMended = false
      const handler = on('t', { batch: true }, (records, { produce }) => {
        for (const record of records) produce({ topic: 'out', key: record.key, value: record.value }, record)
        return records.map(({ value }) => (String(value) === '1' && !isMended ? new Error('no') : undefined))
      })
      const { broker, clock } = await copying({ order, handlers: [handler] })
      const out = () => broker.records('out').map(({ value }) => String(value))
      broker.refuseOutputs(DEAD, { error: UNREACHABLE })
      broker.produce(
        't',
        numbers(6).map((value) => ({ key: 'k', value })),
      )
      await pass({ clock }, 2_000)
      expect([out(), broker.committed('t', 0)]).toEqual([['0'], 1])
      broker.kill()
      isMended = true
      rig({ driver: broker.driver(), ...ON, order, handlers: [handler], deadLetterTopic: DEAD }, clock).start()
      await pass({ clock }, 2_000)
      expect([out(), broker.committed('t', 0)]).toEqual([numbers(6), 6])
    },
  )
})

describe('no timer is left', () => {
  const SLOW: CopyOptions = { retryBackoffMs: 400_000, retryBackoffMaxMs: 4_000_000 }

  test('after a stop while a letter is not taken', async () => {
    const { broker, clock, consumer, events } = await copying(SLOW)
    broker.refuseOutputs(DEAD, { error: UNREACHABLE })
    broker.produce('t', values(0, 20))
    await pass({ clock })
    expect(events('deadletter:failed')).toHaveLength(1)
    const stopped = consumer.stop()
    await pass({ clock })
    await stopped
    expect(clock.pendingTimers).toBe(0)
  })

  test('for a transaction without an answer of a partition that was lost', async () => {
    const { broker, clock, pendingOf } = await copying()
    broker.failTransactions({ step: 'commit', times: 7 })
    broker.produce('t', values(0, 5))
    await pass({ clock }, 8_000)
    expect(pendingOf(6_400)).toBe(1)
    broker.lose({ groupId: 'g' })
    await pass({ clock })
    expect([broker.committed('t', 0), pendingOf(6_400)]).toEqual([5, 0])
  })

  test('for a letter of a partition that was lost', async () => {
    const { broker, clock, pendingOf, events } = await copying(SLOW)
    broker.refuseOutputs(DEAD, { error: UNREACHABLE })
    broker.produce('t', values(0, 20))
    await pass({ clock })
    const { retryInMs } = events('deadletter:failed')[0] as { retryInMs: number }
    expect(pendingOf(retryInMs)).toBe(1)
    broker.refuseOutputs(DEAD)
    broker.lose({ groupId: 'g' })
    await pass({ clock })
    expect(broker.committed('t', 0)).toBe(20)
    expect(pendingOf(retryInMs)).toBe(0)
  })
})

test('letters are told whose transaction succeeds after the epoch of their partition has ended', async () => {
  let answer = (): void => undefined
  const { broker, clock, consumer, events } = await copying({}, (factory) => {
    const late = lateAnswers(factory)
    answer = late.answer
    return late.driver
  })
  broker.produce('t', values(0, 20))
  await pass({ clock })
  expect([broker.committed('t', 0), events('record:dead')]).toEqual([20, []])
  const stopped = consumer.stop()
  await pass({ clock }, 10_000)
  await stopped
  answer()
  await clock.settle()
  expect(events('record:dead')).toMatchObject([{ offset: 7 }, { offset: 17 }])
  expect(events('commit:ok')).toMatchObject([{ offsets: [{ offset: 20 }] }])
  expect(consumer.status().dead).toBe(2)
})
