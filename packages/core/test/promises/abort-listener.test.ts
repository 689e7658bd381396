import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { on } from '../../src/pipeline/handler.ts'
import { onBroker, values } from '../support/harness.ts'

/** Runs with a listener of its own in the place of vitest's, which fails the run. */
async function uncaughtDuring(work: () => Promise<void>): Promise<unknown[]> {
  const caught: unknown[] = []
  const onCaught = (error: unknown): void => void caught.push(error)
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', onCaught)
  try {
    await work()
    await setImmediate()
  } finally {
    process.off('uncaughtException', onCaught)
    for (const other of others) process.on('uncaughtException', other)
  }
  return caught
}

test("what a listener of a signal throws is Node's to report; where the process goes on, so does the consumer, and nothing is lost", async () => {
  const failure = new Error('listener')
  const handler = on('t', ({ offset }, { signal, attempt }) => {
    if (offset !== 1 || attempt > 1) return
    signal.addEventListener('abort', () => {
      throw failure
    })
    const { promise, reject } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => reject(signal.reason))
    return promise
  })
  const { broker, clock, ended } = await onBroker({ handlers: [handler], handlerTimeoutMs: 1_000 })
  const caught = await uncaughtDuring(async () => {
    broker.produce('t', values(0, 3))
    await clock.advance(900)
    expect(broker.committed('t', 0)).toBeLessThanOrEqual(1)
    await clock.advance('1m')
  })
  expect(caught).toEqual([failure])
  expect([ended(), broker.committed('t', 0)]).toEqual(['running', 3])
})
