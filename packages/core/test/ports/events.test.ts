import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type EventName, Events } from '../../src/ports/events.ts'
import { onBroker, values } from '../support/harness.ts'
import { recordingLogger } from '../support/silent-logger.ts'

const reset = { topic: 't', partition: 0, epoch: 1, from: 0, to: 5, jumped: 0 }

test('a listener that throws is reported, and the others are told', () => {
  const reported: [EventName, unknown][] = []
  const events = new Events((name, error) => void reported.push([name, error]))
  const told: number[] = []
  const failure = new Error('listener')
  events.on('partition:reset', () => {
    throw failure
  })
  events.on('partition:reset', ({ to }) => void told.push(to))
  events.emit('partition:reset', reset)
  expect(told).toEqual([5])
  expect(reported).toEqual([['partition:reset', failure]])
})

test('an async listener that rejects is reported, and does not end the process', async () => {
  const reported: unknown[] = []
  const events = new Events((_name, error) => void reported.push(error))
  const failure = new Error('async listener')
  events.on('partition:reset', async () => {
    throw failure
  })
  const unhandled: unknown[] = []
  const onUnhandled = (error: unknown): void => void unhandled.push(error)
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', onUnhandled)
  try {
    events.emit('partition:reset', reset)
    await setImmediate()
    await setImmediate()
  } finally {
    process.off('unhandledRejection', onUnhandled)
    for (const other of others) process.on('unhandledRejection', other)
  }
  expect(unhandled).toEqual([])
  expect(reported).toEqual([failure])
})

test('a listener that has ended is not told, also when it ends while it is told', () => {
  const events = new Events(() => undefined)
  const told: string[] = []
  const end = events.on('partition:reset', () => {
    told.push('first')
    end()
  })
  events.on('partition:reset', () => void told.push('second'))
  events.emit('partition:reset', reset)
  events.emit('partition:reset', reset)
  expect(told).toEqual(['first', 'second', 'second'])
  expect(events.hasListeners('partition:halted')).toBe(false)
})

test('listeners that throw at every event do not keep a consumer from its work', async () => {
  const { logger, lines } = recordingLogger()
  const { broker, clock, consumer } = await onBroker({ logger })
  for (const name of [
    'batch:received',
    'record:settled',
    'commit:ok',
    'group:joined',
    'consumer:state',
    'drain:ended',
  ] as const) {
    consumer.on(name, () => {
      throw new Error(name)
    })
  }
  broker.produce('t', values(0, 3))
  await clock.advance('2s')
  expect(broker.committed('t', 0)).toBe(3)
  await consumer.stop()
  expect(consumer.status().state).toBe('stopped')
  expect(lines.filter(({ message }) => message === 'an event listener threw').length).toBeGreaterThan(5)
})

test('ending a listening twice does not end another one of the same listener', () => {
  const events = new Events(() => undefined)
  const told: number[] = []
  const listener = ({ to }: typeof reset): void => void told.push(to)
  const end = events.on('partition:reset', listener)
  events.on('partition:reset', listener)
  end()
  end()
  events.emit('partition:reset', reset)
  expect(told).toEqual([5])
})
