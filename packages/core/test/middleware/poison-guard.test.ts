import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { poisonGuard } from '../../src/middleware/poison-guard.ts'
import { fileStartStore, type StartStore } from '../../src/middleware/start-store.ts'
import type { ConsumerRecord } from '../../src/model/record.ts'
import { on } from '../../src/pipeline/handler.ts'
import { Gate, onBroker, onScript, values } from '../support/harness.ts'
import { batchOf } from '../support/scripted-driver.ts'
import { recordingLogger } from '../support/silent-logger.ts'

let directory: string
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'holdfast-')), 'starts')
})
afterEach(() => rm(join(directory, '..'), { recursive: true }))

/** A store that ends with the test, with the starts it was given. */
function storeOf(starts: Record<number, number> = {}): StartStore & { readonly counts: Map<string, number> } {
  const counts = new Map(Object.entries(starts).map(([offset, count]) => [`g t/0@${offset} of 0`, count]))
  return {
    counts,
    unfinished: async (record) => counts.get(record) ?? 0,
    begin: async (record) => void counts.set(record, (counts.get(record) ?? 0) + 1),
    end: async (record) => void counts.delete(record),
  }
}

async function runProcess(): Promise<{ readonly signal: unknown; readonly told: string }> {
  const file = fileURLToPath(new URL('./fixtures/crash-loop.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=source', file, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [told, [, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return { signal, told }
}

test('a record that kills its process is kept away after three crashes, and what ran beside it is not', async () => {
  const runs = [await runProcess(), await runProcess(), await runProcess(), await runProcess()]
  expect(runs.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', null])
  expect(runs[3]?.told).toBe('HF_POISON_RECORD 2, done 0, done 1, done 3, done 4')
  expect(await readdir(directory)).toHaveLength(1)
})

test('a record whose handler comes back leaves nothing behind, whether it succeeds or fails', async () => {
  const handle = ({ offset }: ConsumerRecord, { attempt }: { attempt: number }): void => {
    if (offset === 1 && attempt < 5) throw new Error('no')
  }
  const use = [poisonGuard({ store: fileStartStore(directory), maxDeliveries: 2 })]
  const { broker, clock, events } = await onBroker({ use, handlers: [on('t', handle)] })
  broker.produce('t', values(0, 3))
  for (let round = 0; round < 100 && broker.committed('t', 0) < 3; round += 1) {
    await clock.advance('1s')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(broker.committed('t', 0)).toBe(3)
  expect(events('attempt:failed')).toHaveLength(4)
  expect(await readdir(directory)).toEqual([])
})

test('a directory that could not be made, or is gone, is made when it can be', async () => {
  const parent = join(directory, 'volume')
  await mkdir(directory)
  await writeFile(parent, 'not a directory')
  const store = fileStartStore(join(parent, 'starts'))
  await expect(store.begin('r')).rejects.toThrow('ENOTDIR')
  await rm(parent)
  await store.begin('r')
  expect(await store.unfinished('r')).toBe(1)
  await rm(parent, { recursive: true })
  await store.begin('r')
  expect(await store.unfinished('r')).toBe(1)
})

test('a convicted record is not tried, nor tried again, and goes where records go that cannot succeed', async () => {
  const seen: number[] = []
  const use = [poisonGuard({ store: storeOf({ 0: 3 }) })]
  const handlers = [on('t', ({ offset }) => void seen.push(offset))]
  const { driver, epoch, clock, events } = await onScript({ use, handlers, deadLetterTopic: 'dead', maxAttempts: 5 })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.advance('1m')
  expect(seen).toEqual([1])
  expect(events('record:dead')).toMatchObject([{ offset: 0, attempt: 1, error: { code: 'HF_POISON_RECORD' } }])
})

test('suspects run one at a time, beside all others', async () => {
  const gate = new Gate<ConsumerRecord>()
  const store = storeOf({ 0: 1, 1: 1, 2: 2 })
  const { driver, epoch, clock } = await onScript({
    ...{ use: [poisonGuard({ store })], handlers: [on('t', gate.handle)], order: 'none' as const },
  })
  driver.sink.batch(batchOf(epoch, [0, 1, 2, 3]))
  await clock.settle()
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([3, 0])
  expect([...store.counts.values()]).toEqual([2, 1, 2, 1])
  gate.calls[1]?.end()
  await clock.settle()
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([3, 0, 1])
  driver.sink.lost('the session timed out')
  gate.calls[2]?.end()
  await clock.settle()
  // The one that had no turn is as suspect as before.
  expect(store.counts.get('g t/0@2 of 0')).toBe(2)
  expect(gate.calls).toHaveLength(3)
})

test('a suspect whose turn does not come within its time was not tried, and is no dead letter', async () => {
  const gate = new Gate<ConsumerRecord>()
  const store = storeOf({ 0: 1, 1: 1 })
  const { driver, epoch, clock, events } = await onScript({
    use: [poisonGuard({ store })],
    handlers: [on('t', gate.handle)],
    order: 'none',
    deadLetterTopic: 'dead',
    maxAttempts: 1,
    handlerTimeoutMs: 10_000,
  })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  // It ignores its signal for longer than the other one may take.
  await clock.advance('25s')
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([0])
  gate.calls[0]?.end()
  await clock.advance('1s')
  expect(gate.calls.map(({ input }) => input.offset)).toEqual([0, 1])
  gate.calls[1]?.end()
  await clock.advance('1s')
  expect(events('record:dead')).toEqual([])
  expect(events('record:settled').map(({ offset }) => offset)).toEqual([0, 1])
})

test('while the store has no answer no record is tried and none is given up', async () => {
  const seen: number[] = []
  const store = storeOf()
  let isFull = true
  const begin = async (record: string): Promise<void> => {
    if (isFull) throw new Error('disk full')
    await store.begin(record)
  }
  const handlers = [
    on('t', { use: [poisonGuard({ store: { ...store, begin } })] }, ({ offset }) => void seen.push(offset)),
  ]
  const { driver, epoch, clock, events, consumer } = await onScript({
    handlers,
    maxAttempts: 1,
    deadLetterTopic: 'dead',
  })
  driver.sink.batch(batchOf(epoch, [0, 1]))
  await clock.advance('1m')
  expect([seen, events('record:dead')]).toEqual([[], []])
  expect(consumer.status().partitions[0]?.pausedBy).toEqual(['dependency'])
  isFull = false
  await clock.advance('10s')
  expect([seen, events('record:dead')]).toEqual([[0, 1], []])
  expect(consumer.status().partitions[0]?.pausedBy).toEqual([])
})

test('a start that cannot be forgotten is told, and the record is done', async () => {
  const broken = async (): Promise<never> => {
    throw new Error('disk full')
  }
  const { logger, lines } = recordingLogger()
  const handlers = [on('t', { use: [poisonGuard({ store: { ...storeOf(), end: broken } })] }, () => undefined)]
  const { driver, epoch, clock, events } = await onScript({ handlers, logger })
  driver.sink.batch(batchOf(epoch, [0]))
  await clock.settle()
  expect(events('record:settled')).toHaveLength(1)
  expect(lines.filter(({ message }) => message === 'a start cannot be forgotten')).toHaveLength(1)
})

test('around a batch handler it is refused, since it could not tell which record kills', async () => {
  const use = [poisonGuard({ store: storeOf() })]
  const refused = expect.objectContaining({
    code: 'HF_OPTION_INVALID',
    message: expect.stringMatching(/use has poisonGuard/),
  })
  await expect(onBroker({ use, handlers: [on('t', { batch: true }, () => undefined)] })).rejects.toEqual(refused)
  await expect(onBroker({ handlers: [on('t', { batch: true, use }, () => undefined)] })).rejects.toEqual(refused)
})
