import { expect, test } from 'vitest'
import { createFakeClock } from '../../../testing/src/fake-clock.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { Gate, onScript } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'

const gated = (): { gate: Gate<ConsumerRecord>; handlers: ReturnType<typeof on>[] } => {
  const gate = new Gate<ConsumerRecord>()
  return { gate, handlers: [on('t', gate.handle)] }
}

test('a handler that outlives its partition is among what stop left behind, unless it has come back', async () => {
  const { gate, handlers } = gated()
  const { consumer, driver, epoch, clock } = await onScript({ handlers }, 2)
  for (const partition of [0, 1]) driver.sink.batch(batchOf(epoch, [partition], { partition }))
  await clock.settle()
  driver.sink.lost('the session timed out')
  gate.calls[1]?.end()
  await clock.settle()
  const { abandoned } = await consumer.stop()
  expect(abandoned).toMatchObject([{ topic: 't', partition: 0, offset: 0 }])
})

test('stop waits for as long as it is told, at the most as long as a timer can', async () => {
  const longest = 2 ** 31 - 1
  for (const timeoutMs of [Number.POSITIVE_INFINITY, 2 ** 40]) {
    const fake = createFakeClock()
    const delays: number[] = []
    // As Node's timers, for which more than they can wait is at once.
    const setTimer: Clock['setTimer'] = (callback, delayMs) => {
      delays.push(delayMs)
      return fake.setTimer(callback, delayMs > longest ? 1 : delayMs)
    }
    const { gate, handlers } = gated()
    const { consumer, driver, epoch, ended } = await onScript({ handlers, clock: { ...fake, setTimer } })
    driver.sink.batch(batchOf(epoch, [0]))
    await fake.settle()
    const stopped = consumer.stop({ timeoutMs })
    await fake.advance('2m')
    expect([Math.max(...delays) <= longest, ended(), gate.calls[0]?.signal.aborted]).toEqual([true, 'running', false])
    gate.calls[0]?.end()
    expect(await stopped).toEqual({ abandoned: [] })
    expect(driver.requests).toMatchObject([{ offset: 1 }])
  }
})

test('a time-out of stop that is no number is refused, and less than nothing is at once', async () => {
  const { gate, handlers } = gated()
  const { consumer, driver, epoch, clock } = await onScript({ handlers })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  for (const timeoutMs of [Number.NaN, '5', null] as number[]) {
    await expect(consumer.stop({ timeoutMs })).rejects.toMatchObject({ code: 'HF_OPTION_INVALID' })
  }
  expect([consumer.status().state, gate.calls[0]?.signal.aborted]).toEqual(['running', false])
  void consumer.stop({ timeoutMs: -1 })
  await clock.advance(0)
  expect(gate.calls[0]?.signal.aborted).toBe(true)
})
