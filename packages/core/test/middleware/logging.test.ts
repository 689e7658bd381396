import { expect, test } from 'vitest'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { logging } from '../../src/middleware/logging.ts'
import { on } from '../../src/pipeline/handler.ts'
import { onBroker, values } from '../support/harness.ts'
import { recordingLogger } from '../support/silent-logger.ts'

const ONCE = { maxAttempts: 1, use: [logging()] }

test('a line at debug for each attempt, with what it took and how it ended, and without key or value', async () => {
  const { logger, lines } = recordingLogger()
  const handle = async ({ offset }: { offset: number }): Promise<void> => {
    await new Promise<void>((resolve) => void clock.setTimer(resolve, 250))
    if (offset === 1) throw new HoldfastError('HF_STATE_INVALID', 'no')
  }
  const { broker, clock } = await onBroker({ ...ONCE, logger, handlers: [on('t', handle)] })
  broker.produce('t', [
    { key: 'secret', value: 'secret' },
    { key: 'secret', value: 'secret' },
  ])
  await clock.advance('2s')
  const own = lines.filter(({ message }) => message === 'attempt ended')
  expect(own).toMatchObject([
    {
      level: 'debug',
      fields: { topic: 't', offset: 0, handler: 'handle', attempt: 1, durationMs: 250, outcome: 'done' },
    },
    { level: 'debug', fields: { offset: 1, outcome: 'failed', code: 'HF_STATE_INVALID', err: expect.any(Error) } },
  ])
  expect(JSON.stringify(own)).not.toContain('secret')
})

test('of a batch it counts the records that failed by themselves', async () => {
  const { logger, lines } = recordingLogger()
  const handle = (): unknown[] => [undefined, new Error('no'), undefined]
  const handlers = [on('t', { batch: true }, handle)]
  const { broker, clock } = await onBroker({ ...ONCE, logger, order: 'none', handlers })
  broker.produce('t', values(0, 3))
  await clock.settle()
  expect(lines.find(({ message }) => message === 'attempt ended')).toMatchObject({
    fields: { records: 3, outcome: 'partial', failed: 1 },
  })
})
