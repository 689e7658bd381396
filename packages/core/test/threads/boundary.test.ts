import { expect, test } from 'vitest'
import { RecordHeaders } from '../../src/model/record.ts'
import { json, string } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import { fixture, ThreadRig } from '../support/thread-rig.ts'

test('a record and its context are in the thread what they are here, but for the signal', async () => {
  await using rig = await ThreadRig.running()
  const response = Buffer.alloc(1_000_000, 'k')
  const headers = new RecordHeaders([
    ['a', Buffer.from('1')],
    ['n', null],
    ['a', Buffer.from('2')],
  ])
  const value = Buffer.from('{"do":"tell"}')
  rig.send({ key: response.subarray(10, 13), value, headers, timestamp: 1_234 })
  const { level, fields } = await rig.line('told')
  expect(level).toBe('info')
  expect(fields).toMatchObject({ groupId: 'g', topic: 't', partition: 0, offset: 0, keyHash: expect.any(String) })
  const { deadline, key, ...told } = fields.told as Record<string, unknown>
  expect(told).toEqual({
    ...{ topic: 't', partition: 0, offset: 0, timestamp: 1_234 },
    ...{ attempt: 1, groupId: 'g', memberId: 'm', epoch: 1 },
    headers: [...headers],
    last: '2',
    missing: true,
    context: ['attempt', 'deadline', 'epoch', 'groupId', 'logger', 'memberId', 'produce'],
    threadId: expect.any(Number),
  })
  const [isBuffer, text, bytesBehind] = key as unknown[]
  expect([isBuffer, text]).toEqual([true, 'kkk'])
  expect(bytesBehind).toBeLessThan(10_000)
  const aheadMs = (deadline as Date).getTime() - Date.now()
  expect(aheadMs).toBeGreaterThan(280_000)
  expect(aheadMs).toBeLessThanOrEqual(300_000)
})

test('an error arrives with its name, message, stack, code, fields and cause; a function of it does not', async () => {
  await using rig = await ThreadRig.running()
  const failed = rig.next('attempt:failed')
  rig.send({ do: 'throw' })
  const error = (await failed).error as Error & Record<string, unknown>
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'RenderError', message: 'no paper', code: 'E_RENDER', status: 550 })
  expect(error.stack).toMatch(/RenderError: no paper\n[\s\S]*handler\.ts/)
  expect(Buffer.isBuffer(error.bytes)).toBe(true)
  expect(error.cause).toBeInstanceOf(TypeError)
  expect(error.cause).toMatchObject({ message: 'tray 2' })
  expect('retry' in error).toBe(false)
})

test('what is thrown need not be an error', async () => {
  await using rig = await ThreadRig.running()
  const failed = rig.next('attempt:failed')
  rig.send({ do: 'throw text' })
  expect((await failed).error).toBe('jammed')
})

test("the thread's log lines are written here, with their children's fields and errors", async () => {
  await using rig = await ThreadRig.running()
  rig.send({ do: 'log' })
  const { level, fields } = await rig.line('does not fit')
  expect(level).toBe('warn')
  expect(fields).toMatchObject({ topic: 't', offset: 0, page: 3, size: 2n, fix: 'a thrown function' })
  expect(fields.err).toBeInstanceOf(RangeError)
})

test('what a module posts by itself does no harm', async () => {
  await using rig = await ThreadRig.running()
  const settled = rig.settled(0)
  rig.send({ do: 'forge' })
  await Promise.all([settled, rig.line('a log line of a thread cannot be written')])
})

test('a decoded value that cannot be cloned halts its partition with the handler, the reason and the fix', async () => {
  const value = () => ({ at: 1, print: () => undefined })
  await using rig = await ThreadRig.running({
    handlers: [on('t', { isolate: 'thread', value }, fixture('handler.ts'))],
  })
  const halted = rig.next('partition:halted')
  rig.send({ do: 'tell' })
  const { error } = await halted
  expect(error).toMatchObject({ code: 'HF_THREAD_VALUE_REFUSED', details: { handler: 'handler', offset: 0 } })
  expect(error.message).toMatch(
    /t\/0@0 cannot be handed to handler in its thread: value.print is a function, .*\n {2}Fix: /,
  )
})

test('a record that does not decode never reaches the thread', async () => {
  await using rig = await ThreadRig.running()
  const halted = rig.next('partition:halted')
  rig.send({ value: Buffer.from('{') })
  expect((await halted).error).toMatchObject({ code: 'HF_DECODE_FAILED' })
})

test('a batch in a thread tells its records apart', async () => {
  const handlers = [on('t', { isolate: 'thread', batch: true, value: string() }, fixture('batch-handler.ts'))]
  await using rig = await ThreadRig.running({ handlers, maxAttempts: 1 })
  const settled: number[] = []
  rig.consumer.on('record:settled', ({ offset }) => settled.push(offset))
  const failed = rig.next('attempt:failed')
  rig.send(...['a', 'fail', 'c'].map((text) => ({ value: Buffer.from(text) })))
  expect(await failed).toMatchObject({ offset: 1, records: 1, error: { name: 'RangeError', message: 'no 1' } })
  expect(settled).toEqual([0, 2])
})

test('settling one record of a batch is refused in a thread, and says what to do', async () => {
  const handlers = [on('t', { isolate: 'thread', batch: true, value: string() }, fixture('batch-handler.ts'))]
  await using rig = await ThreadRig.running({ handlers })
  const failed = rig.next('attempt:failed')
  rig.send({ value: Buffer.from('settle') })
  const error = (await failed).error as Error
  expect(error).toMatchObject({ code: 'HF_BATCH_RESULT_INVALID' })
  expect(error.message).toMatch(/cannot be called in a thread[\s\S]*Fix: /)
})

test('a module in JavaScript does as well', async () => {
  const handlers = [on('t', { isolate: 'thread', value: json() }, fixture('default-in-javascript.mjs'))]
  await using rig = await ThreadRig.running({ handlers })
  rig.send({ value: Buffer.from('7') })
  expect((await rig.line('handled in javascript')).fields.value).toBe('7')
})
