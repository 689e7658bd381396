import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { IdempotentOptions } from '../../src/middleware/options.ts'
import { heard } from '../../src/outbox/heard.ts'
import { newBroker, onceScene } from '../support/scene.ts'

const rejecting = async (): Promise<never> => Promise.reject(new Error('later'))
const throwing = (): never => {
  throw new Error('no answer')
}
const ODD: readonly (readonly [name: string, answer: () => unknown, message: RegExp])[] = [
  ['throws', throwing, /Error: no answer/],
  ['rejects', rejecting, /answered a promise/],
  ['answers a number', () => 5, /answered number/],
  ['answers a list', () => [1], /answered object/],
]

describe.each(['key', 'tenant', 'fingerprint'] as const)('a function %s', (option) => {
  test.each(ODD)(
    'that %s fails its record without a call of the handler, and the others go on',
    async (_name, answer, message) => {
      const given = ({ value }: { readonly value: unknown }): unknown =>
        String(value) === 'b' ? answer() : String(value)
      const broker = newBroker()
      const once = { [option]: given } as Partial<IdempotentOptions>
      const { produce, clock, calls, ended } = await onceScene({
        once,
        broker,
        consumer: { deadLetterTopic: 't.dead' },
      })
      produce('a', 'b', 'c')
      await clock.advance('6s')
      // vitest fails a run that leaves a rejection unhandled.
      await setImmediate()
      expect(ended()).toBe('running')
      expect(calls).toEqual(['a', 'c'])
      const dead = broker.records('t.dead')
      expect(dead.map(({ headers }) => headers.get('holdfast-dead-error-message')?.toString())).toEqual([
        expect.stringMatching(message),
      ])
      expect(broker.committed('t', 0)).toBe(3)
    },
  )
})

test.each([
  ['throws', throwing],
  ['rejects', rejecting],
])('an onError of a relay that %s is not heard of again', async (_name, onError) => {
  expect(() => heard(onError)(new Error('down'), { topic: 't', retryInMs: 1 })).not.toThrow()
  await setImmediate()
})
