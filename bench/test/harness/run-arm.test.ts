import { expect, test } from 'vitest'
import { runArm } from '../../src/harness/run-arm.ts'

const program = new URL('./fixtures/arm.ts', import.meta.url)

test('an arm tells when it is ready and what it came to', async () => {
  let isReady = false
  const sample = await runArm({
    program,
    settings: { arm: 'answers' },
    onReady: () => {
      isReady = true
    },
  })
  expect(sample).toEqual({ answer: 42, missing: Number.NaN })
  expect(isReady).toBe(true)
})

test('an arm that fails says why', async () => {
  await expect(runArm({ program, settings: { arm: 'fails' } })).rejects.toThrow(
    'arm "fails": Error: it broke its promise',
  )
})

test('an arm that dies is not waited for', async () => {
  await expect(runArm({ program, settings: { arm: 'dies' } })).rejects.toThrow('arm "dies" ended with 3')
})
