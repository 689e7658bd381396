import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { on } from '../../src/pipeline/handler.ts'
import { fixture, ThreadRig } from '../support/thread-rig.ts'

const execute = promisify(execFile)
const isolated = (name: string): ConsumerOptions['handlers'] => [on('t', { isolate: 'thread' }, fixture(name))]

test.each([
  ['absent.ts', /absent\.ts, cannot be used: .*Cannot find module/],
  ['no-default.ts', /its default export must be the handler, and it has none/],
  ['object-default.ts', /its default export must be the handler, and it is of type object/],
  ['throws.ts', /TypeError: the printer is off/],
  ['exits.ts', /worker exited with code: 4/],
])('the module %s is refused before the group is joined', async (name, reason) => {
  await using rig = new ThreadRig({ handlers: isolated(name) })
  const error = (await rig.ended) as Error
  expect(error).toMatchObject({ code: 'HF_THREAD_MODULE_INVALID', details: { module: fixture(name).href } })
  expect(error.message).toMatch(reason)
  expect(error.message).toMatch(/\n {2}Fix: /)
  expect(rig.driver.calls).toEqual([])
})

test('a source that is there only as what it compiles to is taken as that', async () => {
  await using rig = await ThreadRig.running({ handlers: isolated('compiled.ts') })
  const settled = rig.settled(0)
  rig.send({ value: null })
  await settled
})

const preloading = (inThread: string): string =>
  `data:text/javascript,import { isMainThread, threadId } from 'node:worker_threads'; if (!isMainThread) { ${inThread} }`

test.each([
  ["throw new Error('no preload here')", /before it was ready: Error: no preload here/],
  ['process.exit(0)', /before it was ready: Error: it exited/],
])('threads that cannot come up fail the start, and do not hang it: %s', async (inThread, message) => {
  const program = fileURLToPath(fixture('start-consumer.ts'))
  const { stdout } = await execute(process.execPath, ['--import', preloading(inThread), program])
  expect(JSON.parse(stdout)).toEqual({ code: 'HF_THREAD_DIED', message: expect.stringMatching(message), calls: [] })
})

test('a record whose new thread does not come up waits for the next one', async () => {
  const program = fileURLToPath(fixture('lose-threads.ts'))
  const inThread = "if (threadId === 2) throw new Error('not this one')"
  const { stdout } = await execute(process.execPath, ['--import', preloading(inThread), program])
  expect(JSON.parse(stdout)).toEqual({ failed: ['HF_THREAD_DIED'], threadIds: [3] })
})

test('a process ends by itself after its consumer has', async () => {
  const { stdout } = await execute(process.execPath, [fileURLToPath(fixture('start-consumer.ts'))])
  expect(JSON.parse(stdout)).toEqual({ calls: ['start', 'stop'] })
})

test('a stop while modules are loaded gives the start up', async () => {
  const rig = new ThreadRig({ handlers: isolated('hangs.ts') })
  await rig.until('it starts', () => rig.consumer.status().state === 'starting')
  await new Promise((resolve) => setTimeout(resolve, 100))
  await rig.consumer.stop()
  expect(await rig.ended).toBe('resolved')
  expect(rig.driver.calls).toEqual([])
})
