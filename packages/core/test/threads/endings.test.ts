import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import { describeError } from '../../src/errors/holdfast-error.ts'
import { ThreadRig } from '../support/thread-rig.ts'
import { WrittenFile } from '../support/written-file.ts'

test('an endless loop ends at its deadline as a failure, and the next record runs in a new thread', async () => {
  await using rig = await ThreadRig.running({ maxPollIntervalMs: 800, maxAttempts: 50, threads: { maxThreads: 1 } })
  const failed = rig.next('attempt:failed')
  const settled = rig.settled(1)
  rig.send({ do: 'spin' }, { do: 'tell' })
  expect(await failed).toMatchObject({
    offset: 0,
    attempt: 1,
    error: { code: 'HF_ABORTED', details: { reason: 'deadline' } },
  })
  await settled
  const threads = () => rig.lines.filter(({ message }) => message === 'spins').map(({ fields }) => fields.threadId)
  await rig.until('the retry spins', () => threads().length > 1)
  expect(new Set(threads()).size).toBe(threads().length)
})

test('a handler in native code holds up its own attempt, and no other one that is aborted', async () => {
  await using rig = await ThreadRig.running({ handlerTimeoutMs: 800, maxAttempts: 50 })
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-'))
  const file = join(directory, 'pipe')
  execFileSync('mkfifo', [file])
  const failed: number[] = []
  rig.consumer.on('attempt:failed', ({ offset }) => void failed.push(offset))
  try {
    const aborted = rig.next('attempt:late', ({ rung }) => rung === 'abort')
    rig.send({ do: 'block', file })
    await aborted
    rig.send({ do: 'spin' })
    await rig.until('the second attempt ends', () => failed.length > 0)
    expect(failed).toEqual([1])
  } finally {
    writeFileSync(file, '')
    rmSync(directory, { recursive: true })
  }
  await rig.until('the first attempt ends', () => failed.includes(0))
})

test.each([
  ['halt', 'partition:halted'],
  ['release', 'group:lost'],
] as const)('an endless loop with onHandlerTimeout = %s ends its thread as well', async (onHandlerTimeout, event) => {
  using written = new WrittenFile()
  await using rig = await ThreadRig.running({ handlerTimeoutMs: 800, onHandlerTimeout })
  const told = rig.next(event)
  rig.send({ do: 'write', file: written.path })
  expect(JSON.stringify(await told)).toMatch(/HF_HANDLER_TIMEOUT/)
  await rig.until('the slot is free', () => rig.consumer.status().slots.busy === 0)
  const { size } = written
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(written.size).toBe(size)
})

test('an attempt in a thread is not taken for what blocks the event loop here', async () => {
  await using rig = await ThreadRig.running({ heartbeatIntervalMs: 200 })
  const blocked = rig.next('loop:blocked')
  rig.send({ do: 'spin' })
  await rig.line('spins')
  // It compares with when it last looked.
  await new Promise((resolve) => setTimeout(resolve, 500))
  const endMs = performance.now() + 1_000
  while (performance.now() < endMs);
  expect((await blocked).attempts).toEqual([])
})

test('the deadline of a record that waits for a thread begins when it has one', async () => {
  await using rig = await ThreadRig.running({
    maxPollIntervalMs: 4_000,
    concurrency: 7,
    threads: { maxThreads: 1 },
  })
  const late: string[] = []
  rig.consumer.on('attempt:late', ({ offset, rung }) => late.push(`${offset} ${rung}`))
  const last = rig.settled(6)
  rig.send(...Array.from({ length: 7 }, () => ({ do: 'sleep' as const, ms: 400 })))
  await last
  expect(late).toEqual([])
})

test('an attempt that is aborted by a stop ends at once, its record uncommitted, and no thread is left', async () => {
  await using rig = await ThreadRig.running()
  rig.send({ do: 'spin' }, { do: 'spin' }, { do: 'spin' })
  await rig.until('two threads spin', () => rig.lines.filter(({ message }) => message === 'spins').length === 2)
  const startMs = performance.now()
  const { abandoned } = await rig.consumer.stop({ timeoutMs: 50 })
  expect(performance.now() - startMs).toBeLessThan(1_000)
  expect(abandoned).toEqual([])
  expect(await rig.ended).toBe('resolved')
  expect(rig.driver.requests).toEqual([])
  expect(rig.lines.filter(({ message }) => /not ended/.test(message))).toEqual([])
})

test('a lost partition ends the thread of its attempt, which has done its last when the attempt ends', async () => {
  using written = new WrittenFile()
  await using rig = await ThreadRig.running()
  const ended = rig.next('attempt:stale').then((event) => ({ event, size: written.size }))
  rig.send({ do: 'write', file: written.path })
  await rig.until('it writes', () => written.size > 0)
  rig.driver.sink.lost('test')
  const { event, size } = await ended
  expect(event).toMatchObject({ offset: 0 })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(written.size).toBe(size)
})

test.each([
  ['resolves', async () => undefined, 'resolved'],
  ['fails', () => Promise.reject(new Error('the socket is gone')), { message: 'the socket is gone' }],
])('no thread is left when a run %s, though its module still has timers', async (_, onStop, end) => {
  using written = new WrittenFile()
  const rig = await ThreadRig.running()
  rig.driver.onStop = onStop
  const settled = rig.settled(0)
  rig.send({ do: 'haunt', file: written.path })
  await settled
  await rig.until('it writes', () => written.size > 0)
  void rig.consumer.stop().catch(() => undefined)
  const came = await rig.ended
  const { size } = written
  expect(typeof end === 'string' ? came : { message: (came as Error).message }).toEqual(end)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(written.size).toBe(size)
})

test.each([
  ['process.exit', { do: 'exit' }, /exited with code: 3/],
  ['memory', { do: 'allocate' }, /memory limit/],
] as const)('a thread that dies by %s fails its attempt alone, and is replaced', async (_, command, reason) => {
  await using rig = await ThreadRig.running({
    maxAttempts: 1,
    threads: { maxThreads: 1, resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 8 } },
  })
  const failed = rig.next('attempt:failed')
  rig.send(command)
  const error = (await failed).error as Error
  expect(error).toMatchObject({ code: 'HF_THREAD_DIED', details: { handler: 'handler', topic: 't', offset: 0 } })
  expect(error.message).toMatch(/the thread of handler ended while it handled t\/0@0[^\n]*\n {2}Fix: /)
  expect(describeError(error.cause)).toMatch(reason)
})

test('a thread that dies is replaced for the retry, and the consumer lives', async () => {
  await using rig = await ThreadRig.running({ order: 'partition', maxAttempts: 2, threads: { maxThreads: 1 } })
  const failed = rig.next('attempt:failed')
  const settled = rig.settled(1)
  const halted = rig.next('partition:halted')
  rig.send({ do: 'log' }, { do: 'tell' }, { do: 'exit' })
  await settled
  expect(await failed).toMatchObject({ offset: 2, error: { code: 'HF_THREAD_DIED' } })
  expect(await halted).toMatchObject({ offset: 2, error: { code: 'HF_HANDLER_FAILED' } })
  expect(rig.consumer.status().state).toBe('running')
})

test('what a handler leaves behind kills the thread later, and only what runs in it then', async () => {
  await using rig = await ThreadRig.running({ threads: { maxThreads: 1 } })
  const idleDeath = rig.line('a thread ended by an error while it handled nothing')
  rig.send({ do: 'die later', ms: 50 })
  expect((await idleDeath).fields.err).toMatchObject({ message: 'nobody waits for me' })
  const settled = rig.settled(1)
  rig.send({ do: 'tell' })
  await settled
})

test('a thread that has nothing to do ends after idleTimeoutMs', async () => {
  await using rig = await ThreadRig.running({ threads: { maxThreads: 1, idleTimeoutMs: 100 } })
  const threads = () =>
    rig.lines
      .filter(({ message }) => message === 'told')
      .map(({ fields }) => (fields.told as { threadId: number }).threadId)
  for (const offset of [0, 1, 2]) {
    rig.send({ do: 'tell' })
    await rig.until('it is told', () => threads().length > offset)
    if (offset === 1) await new Promise((resolve) => setTimeout(resolve, 400))
  }
  const [first, second, third] = threads()
  expect(first).toBe(second)
  expect(third).not.toBe(first)
})
