import { expect, test } from 'vitest'
import { timeout } from '../../src/middleware/timeout.ts'
import { json } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import type { Middleware } from '../../src/pipeline/middleware.ts'
import { fixture, ThreadRig } from '../support/thread-rig.ts'
import type { Command } from './fixtures/handler.ts'

const isolated = (...use: Middleware[]) => ({
  handlers: [on('t', { isolate: 'thread', value: json() as () => Command, use }, fixture('handler.ts'))],
})

test('middleware runs here, around the call of the thread, and sees the decoded record and its error', async () => {
  const seen: unknown[] = []
  const watch: Middleware = async (call, next) => {
    seen.push((call.record.value as Command).do)
    try {
      await next()
    } catch (error) {
      seen.push((error as Error).name)
    }
  }
  await using rig = await ThreadRig.running(isolated(watch))
  const settled = rig.settled(0)
  rig.send({ do: 'throw' })
  await settled
  expect(seen).toEqual(['throw', 'RenderError'])
})

test('a time-out ends an endless loop with its thread, and the record is tried in another', async () => {
  await using rig = await ThreadRig.running({ ...isolated(timeout(500)), maxAttempts: 50 })
  const failed = rig.next('attempt:failed')
  rig.send({ do: 'spin' })
  expect(await failed).toMatchObject({ offset: 0, attempt: 1, error: { code: 'HF_MIDDLEWARE_TIMEOUT' } })
  const threads = () => rig.lines.filter(({ message }) => message === 'spins').map(({ fields }) => fields.threadId)
  await rig.until('the retry spins', () => threads().length > 1)
  expect(new Set(threads()).size).toBe(threads().length)
})

test('the time before the thread is called counts for the deadline, and the wait for a thread does not', async () => {
  const slow: Middleware = async (_call, next) => {
    await new Promise((resolve) => setTimeout(resolve, 600))
    return next()
  }
  await using rig = await ThreadRig.running({ ...isolated(slow), maxAttempts: 50, handlerTimeoutMs: 1_500 })
  const late = rig.next('attempt:late', ({ rung }) => rung === 'abort')
  rig.send({ do: 'spin' })
  const spins = await rig.line('spins').then(() => performance.now())
  await late
  expect(performance.now() - spins).toBeLessThan(1_400)
})
