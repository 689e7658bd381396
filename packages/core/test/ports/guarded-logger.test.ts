import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { logging } from '../../src/middleware/logging.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { guardedLogger } from '../../src/ports/guarded-logger.ts'
import type { Logger } from '../../src/ports/logger.ts'
import { onBroker, values } from '../support/harness.ts'
import { recordingLogger, silentLogger } from '../support/silent-logger.ts'

const throwing = (): never => {
  throw new Error('no line')
}
const broken = { trace: throwing, debug: throwing, info: throwing, warn: throwing, error: throwing }
const rejecting = async (): Promise<void> => Promise.reject(new Error('no line'))
const late = { trace: rejecting, debug: rejecting, info: rejecting, warn: rejecting, error: rejecting }

const LOGGERS: readonly (readonly [name: string, logger: Logger])[] = [
  ['one that throws', { ...broken, child: () => ({ ...broken, child: throwing }) }],
  ['one whose lines reject', { ...late, child: () => ({ ...late, child: throwing }) }],
  [
    'one without trace, whose children have no methods',
    { ...silentLogger, trace: undefined as never, child: () => ({}) as Logger },
  ],
  ['one whose children are none', { ...silentLogger, child: () => undefined as never }],
]

describe.each(LOGGERS)('%s', (_name, logger) => {
  test('neither ends the run nor settles a record wrongly', async () => {
    const handler = on('t', ({ offset }: ConsumerRecord, context) => {
      context.logger.trace({ offset }, 'handled')
      if (offset === 1) throw new Error('no')
    })
    const options = { handlers: [handler], use: [logging()], logger, maxAttempts: 2, retryBackoffMs: 1 }
    const { broker, clock, ended, events, consumer } = await onBroker(options, 2)
    consumer.on('record:settled', throwing)
    broker.produce('t', [...values(0, 3), ...values(0, 1, 1)])
    await clock.advance('1m')
    expect(ended()).toBe('running')
    expect([broker.committed('t', 0), broker.committed('t', 1)]).toEqual([1, 1])
    expect(events('partition:halted')).toMatchObject([{ offset: 1, attempt: 2 }])
    await consumer.stop()
    // vitest fails a run that leaves a rejection unhandled.
    await setImmediate()
    expect(ended()).toBe('resolved')
  })
})

test('where the logger makes children, lines are its own', () => {
  const { logger, lines } = recordingLogger()
  guardedLogger(logger).child({ a: 1 }).warn({ b: 2 }, 'told')
  expect(lines).toEqual([{ level: 'warn', fields: { a: 1, b: 2 }, message: 'told' }])
})

test('where it does not, each line has what a child would name', () => {
  const { logger, lines } = recordingLogger()
  const child = guardedLogger({ ...logger, child: throwing })
    .child({ a: 1 })
    .child({ b: 2 })
  const error = new Error('x')
  child.info({ c: 3 }, 'told')
  child.info(error, 'failed')
  ;(child.info as unknown as (text: string) => void)('text')
  expect(lines.map(({ fields, message }) => [fields, message])).toEqual([
    [{ a: 1, b: 2, c: 3 }, 'told'],
    [{ a: 1, b: 2, err: error }, 'failed'],
    [{ a: 1, b: 2 }, 'text'],
  ])
})

test('its methods can be taken out, and it is guarded once', () => {
  const { logger, lines } = recordingLogger()
  const guarded = guardedLogger(logger)
  const { error } = guarded
  error({}, 'alone')
  expect(lines).toHaveLength(1)
  expect(guardedLogger(guarded)).toBe(guarded)
})
