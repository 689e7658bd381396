import { expect, test } from 'vitest'
import { createFakeClock } from '../../../testing/src/fake-clock.ts'
import type { CallContext } from '../../src/pipeline/call-context.ts'
import { HandlerGate } from '../../src/runtime/handler-gate.ts'

/** An attempt as the gate sees it. */
function attempt(isCalledOff: boolean): CallContext {
  const postpone = (whenAborted: () => void): void => {
    if (isCalledOff) whenAborted()
  }
  const signal = { reason: new Error('called off') }
  return { isCalledOff, isInGate: false, signal, postpone, start: () => undefined } as unknown as CallContext
}

test('an attempt that is not to begin any more keeps none behind it from beginning, where nobody runs', async () => {
  const gate = new HandlerGate(createFakeClock())
  gate.limit = 2
  await expect(gate.enter(attempt(true))).rejects.toThrow('called off')
  expect(gate.enter(attempt(false))).toEqual(expect.any(Number))
})
