import { expect, test } from 'vitest'
import { json } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import { circuitBreaker } from '../../src/policy/circuit-breaker.ts'
import { fixture, ThreadRig } from '../support/thread-rig.ts'
import type { Command } from './fixtures/handler.ts'

test('a handler in a thread has a circuit as well, and its errors are told apart here', async () => {
  const circuit = circuitBreaker({
    name: 'renderer',
    consecutiveFailures: 2,
    halfOpenAfterMs: 60_000,
    when: (error) => (error as Error).name === 'RenderError',
  })
  const handlers = [on('t', { isolate: 'thread', value: json() as () => Command, circuit }, fixture('handler.ts'))]
  await using rig = await ThreadRig.running({ handlers, maxAttempts: 50 })
  const opened = rig.next('circuit:opened')
  rig.send({ do: 'throw' })
  expect(await opened).toMatchObject({ circuit: 'renderer', cause: { name: 'RenderError' } })
  expect(rig.consumer.status().circuits).toMatchObject([{ state: 'open' }])
})
