import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { on } from '../../src/pipeline/handler.ts'
import { type CopyOptions, numbers, ON, pass } from '../support/copy-scene.ts'
import { rig } from '../support/harness.ts'

const DEAD = 't.dead'
const UNREACHABLE = new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.')
const NO_SEVENS = on('t', ({ key, value }, { produce }) => {
  produce({ topic: 'out', key, value })
  if (String(value).endsWith('7')) throw new Error('no')
})

async function copying(options: CopyOptions = {}) {
  const broker = fakeBroker()
  for (const topic of ['t', 'out', DEAD]) broker.createTopic(topic)
  const given = { ...ON, maxAttempts: 1, handlers: [NO_SEVENS], deadLetterTopic: DEAD, ...options }
  const made = rig({ driver: broker.driver(), ...given })
  made.start()
  await made.clock.settle()
  return { ...made, broker }
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
