import type { HoldfastError } from '@holdfast/core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type RunOptions, run } from '../src/index.ts'
import { recordDriver } from './fixtures/record-driver.ts'
import { silent } from './fixtures/silent-logger.ts'
import { compileUnchecked, fixture, node, removeFolder, temporaryFolder } from './support/compiled.ts'

const topics = { orders: [{ id: 'o1' }], audits: [1, 2], parcels: [{ id: 'p1' }] }

let folder = ''
let classes: typeof import('./fixtures/outcomes.ts')
beforeAll(async () => {
  folder = await temporaryFolder()
  await compileUnchecked('standard', folder)
  classes = await import(/* @vite-ignore */ fixture(folder, 'outcomes'))
}, 20_000)
afterAll(() => removeFolder(folder))

/** Options of a run that the test ends by `stop`, and ends with the test at the latest. */
function setUp(refuses: readonly string[] = []) {
  const driver = recordDriver(topics, refuses)
  const ending = new AbortController()
  const stop = (): void => ending.abort()
  onTestFinished(stop)
  const options = { driver, logger: silent, maxPollRecords: 10, signal: ending.signal } satisfies RunOptions
  return { driver, stop, options }
}

async function errorOf(running: Promise<void>): Promise<HoldfastError> {
  return running.then(
    () => expect.fail('nothing was thrown'),
    (error: HoldfastError) => error,
  )
}

const groups = (list: readonly string[]): string[] => list.toSorted()

it('runs classes and instances together, until the signal aborts', async () => {
  const { driver, stop, options } = setUp()
  const given = new classes.Base()
  const running = run([classes.OwnConsumer, given], options)
  await expect.poll(() => given.lines.length, { interval: 5, timeout: 2_000 }).toBe(2)
  await expect.poll(() => groups(driver.started), { interval: 5, timeout: 2_000 }).toEqual(['base', 'own'])
  expect(driver.stopped).toEqual([])

  stop()
  await running
  expect(groups(driver.stopped)).toEqual(['base', 'own'])
})

it('leaves process signals and the exit code to the caller who gives a signal', async () => {
  const { driver, stop, options } = setUp()
  const listeners = process.listenerCount('SIGTERM')
  const running = run([classes.Base], options)
  await expect.poll(() => driver.started, { interval: 5, timeout: 2_000 }).toEqual(['base'])
  expect(process.listenerCount('SIGTERM')).toBe(listeners)
  stop()
  await running
})

it('asks resolve for classes only, and waits for its answer', async () => {
  const { stop, options } = setUp()
  const asked: unknown[] = []
  const [made, given] = [new classes.Base('made'), new classes.OwnConsumer()]
  const resolve = async (cls: unknown): Promise<object> => {
    asked.push(cls)
    return made
  }
  const running = run([classes.Base, given], { ...options, resolve })
  await expect
    .poll(() => made.lines.toSorted(), { interval: 5, timeout: 2_000 })
    .toEqual(['Base.audit 2', 'Base.take o1 made'])
  expect(asked).toEqual([classes.Base])
  stop()
  await running
})

it('gives a class that stands twice in the list two instances', async () => {
  const { driver, stop, options } = setUp()
  const running = run([classes.Base, classes.Base], options)
  await expect.poll(() => driver.started, { interval: 5, timeout: 2_000 }).toEqual(['base', 'base'])
  stop()
  await running
})

it('stops the others when one fails, and rejects with its error', async () => {
  const { driver, options } = setUp(['own'])
  const error = await errorOf(run([classes.Base, classes.OwnConsumer], options))
  expect(error.code).toBe('HF_BROKER_UNREACHABLE')
  expect(driver.stopped).toContain('base')
})

it('starts nothing when one of the classes is refused', async () => {
  const { driver, options } = setUp()
  const error = await errorOf(run([classes.Base, classes.NoConsumer], options))
  expect(error.message).toMatch(/NoConsumer has @Handler take, but no @Consumer/)
  expect(driver.started).toEqual([])
})

it('refuses the same instance twice, also from resolve', async () => {
  const { options } = setUp()
  const same = new classes.Base()
  const message = /HF_OPTION_INVALID: the same instance of Base was given to run twice.*\n.*Fix: /
  expect((await errorOf(run([same, same], options))).message).toMatch(message)
  const resolved = run([classes.Base, classes.Base], { ...options, resolve: () => same })
  expect((await errorOf(resolved)).message).toMatch(message)
})

it('refuses an answer of resolve that is no instance', async () => {
  const { options } = setUp()
  const message = /HF_OPTION_INVALID: resolve answered undefined for Base.*\n.*Fix: register Base/
  const running = run([classes.Base], { ...options, resolve: () => undefined as never })
  expect((await errorOf(running)).message).toMatch(message)
})

it('refuses an empty list', async () => {
  expect((await errorOf(run([]))).message).toMatch(/HF_OPTION_INVALID: run takes a list.*\n.*Fix: /)
})

it('ends the process with the exit code of a failure', async () => {
  const ended = await node(fixture(folder, 'failing-worker'))
  expect(ended).toMatchObject({ code: 1, stderr: '' })
  const seen = JSON.parse(ended.stdout)
  expect(seen.outcome).toBe('HF_BROKER_UNREACHABLE')
  expect(seen.stopped).toContain('joins')
})
