import { expect, it } from 'vitest'
import { Teardown } from '../../src/demo/teardown.ts'

it('puts everything away, last first, over a step that fails', async () => {
  const steps: unknown[] = []
  const teardown = new Teardown((error) => steps.push(error))
  teardown.use({ [Symbol.asyncDispose]: async () => void steps.push('broker') })
  teardown.defer(async () => Promise.reject('no topic'))
  teardown.defer(async () => void steps.push('workers'))
  await teardown[Symbol.asyncDispose]()
  expect(steps).toEqual(['workers', 'no topic', 'broker'])
})
