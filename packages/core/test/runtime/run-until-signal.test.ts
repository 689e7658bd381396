import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Runnable, runUntilSignal } from '../../src/runtime/run-until-signal.ts'
import { recordingLogger, silentLogger } from '../support/silent-logger.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** Runs until it is stopped, or fails. */
class Running implements Runnable {
  readonly stops: ({ timeoutMs?: number } | undefined)[] = []
  readonly ended = Promise.withResolvers<void>()
  readonly abandoned: readonly unknown[]

  constructor(abandoned: readonly unknown[] = []) {
    this.abandoned = abandoned
  }

  run(): Promise<void> {
    return this.ended.promise
  }

  async stop(options?: { timeoutMs?: number }): Promise<{ readonly abandoned: readonly unknown[] }> {
    this.stops.push(options)
    this.ended.resolve()
    return { abandoned: this.abandoned }
  }
}

const exit = vi.fn()
let before: NodeJS.Process['exitCode']
let others: ReadonlyMap<string, number>

const listeners = (): ReadonlyMap<string, number> =>
  new Map(SIGNALS.map((signal) => [signal, process.listenerCount(signal)]))

beforeEach(() => {
  before = process.exitCode
  process.exitCode = undefined
  others = listeners()
  vi.useFakeTimers()
  vi.spyOn(process, 'exit').mockImplementation(exit as never)
})
afterEach(() => {
  vi.useRealTimers()
  exit.mockClear()
  process.exitCode = before
  expect(listeners()).toEqual(others)
})

/** As if the process had got it; those who listen beside us hear nothing. */
function send(signal: (typeof SIGNALS)[number]): void {
  process.listeners(signal).at(-1)?.(signal)
}

test.each(SIGNALS)('%s stops all consumers, and the process may end with 0', async (signal) => {
  const consumers = [new Running(), new Running()]
  const { logger, lines } = recordingLogger()
  const over = runUntilSignal(consumers, { logger })
  send(signal)
  await over
  expect(consumers.map(({ stops }) => stops[0])).toEqual([undefined, undefined])
  expect(lines).toMatchObject([{ fields: { signal } }])
  expect(process.exitCode).toBeUndefined()
})

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second %s waits for no handler: %i', async (signal, code) => {
  const consumer = new Running()
  vi.spyOn(consumer, 'stop').mockImplementationOnce(() => new Promise(() => undefined))
  const over = runUntilSignal([consumer])
  send('SIGTERM')
  send(signal)
  await over
  expect(consumer.stops[0]).toEqual({ timeoutMs: 0 })
  expect(process.exitCode).toBe(code)
})

test('when one fails the others stop, and its failure is thrown when they have: 1', async () => {
  const [failing, other] = [new Running(), new Running()]
  const over = runUntilSignal([failing, other])
  failing.ended.reject(new Error('no'))
  await expect(over).rejects.toThrow('no')
  expect(other.stops).toEqual([undefined])
  expect(process.exitCode).toBe(1)
})

test('handlers that do not come back do not keep the process: 2', async () => {
  const over = runUntilSignal([new Running([{ offset: 1 }])])
  send('SIGTERM')
  await over
  expect(process.exitCode).toBe(2)
  expect(exit).not.toHaveBeenCalled()
  vi.advanceTimersByTime(2_000)
  expect(exit).toHaveBeenCalledOnce()
})

test('nor where one has failed: 1', async () => {
  const failing = Object.assign(new Running(), { status: () => ({ slots: { busy: 1 } }) })
  const over = runUntilSignal([failing])
  failing.ended.reject(new Error('no'))
  await expect(over).rejects.toThrow('no')
  expect(exit).not.toHaveBeenCalled()
  vi.advanceTimersByTime(2_000)
  expect([exit.mock.calls.length, process.exitCode]).toEqual([1, 1])
})

test('a failure without handlers that run leaves the process to its owner', async () => {
  const failing = Object.assign(new Running(), { status: () => ({ slots: { busy: 0 } }) })
  const over = runUntilSignal([failing])
  failing.ended.reject(new Error('no'))
  await expect(over).rejects.toThrow('no')
  vi.advanceTimersByTime(60_000)
  expect(exit).not.toHaveBeenCalled()
})

test('a logger that throws keeps nobody from stopping', async () => {
  const consumer = new Running()
  const throwing = (): never => {
    throw new Error('no line')
  }
  const over = runUntilSignal([consumer], { logger: { ...silentLogger, info: throwing, warn: throwing } })
  send('SIGTERM')
  send('SIGTERM')
  await over
  expect(consumer.stops).toEqual([undefined, { timeoutMs: 0 }, undefined])
})
