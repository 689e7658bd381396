import { type HoldfastError, type OutgoingRecord, partitionOfKey } from '@holdfast/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { requestsOf } from '../../src/produce/requests.ts'
import { TopicWriter } from '../../src/produce/topic-writer.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const record = (value: string): OutgoingRecord => ({ topic: 't', key: null, value: Buffer.from(value), headers: [] })
const tooLarge = (): Error => Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' })
const down = (): Error => Object.assign(new Error('down'), { name: 'KafkaJSConnectionError' })
const code = (promise: Promise<void>): Promise<string> =>
  promise.then(
    () => 'written',
    (error: HoldfastError) => error.code,
  )

/** A writer whose requests are answered by the test, each `c` connections old. */
function rig({ partitions }: { readonly partitions?: number } = {}) {
  const requests: { readonly text: string; readonly c: number; readonly answer: PromiseWithResolvers<void> }[] = []
  const ended: string[] = []
  const destinations: (number | undefined)[][] = []
  let connections = 0
  const connect = () => {
    connections += 1
    const c = connections
    return {
      partitions,
      send(_topic: string, records: readonly OutgoingRecord[]): Promise<void> {
        const answer = Promise.withResolvers<void>()
        destinations.push(records.map(({ partition }) => partition))
        requests.push({ text: records.map(({ value }) => String(value)).join(''), c, answer })
        return answer.promise
      },
      close: async () => void ended.push(`close ${c}`),
      abandon: () => void ended.push(`abandon ${c}`),
    }
  }
  const writer = new TopicWriter('t', { brokers: ['b:1'], connect })
  const write = (...values: readonly string[]): Promise<string> => code(writer.write(values.map(record)))
  const answer = async (error?: Error): Promise<void> => {
    const last = requests.at(-1)?.answer
    if (error === undefined) last?.resolve()
    else last?.reject(error)
    await vi.advanceTimersByTimeAsync(0)
  }
  const seen = (): string[] => requests.map(({ text, c }) => `${text}@${c}`)
  return { writer, write, answer, seen, ended, destinations: () => destinations }
}

const keyed = (key: string, value: string): OutgoingRecord => ({ ...record(value), key: Buffer.from(key) })

describe('calls that wait', () => {
  /** `a` is answered, so that the number of partitions is known, and another one is under way. */
  async function busy(partitions: number) {
    const made = rig({ partitions })
    const first = made.write('a')
    await made.answer()
    await first
    const second = made.write('b')
    return { ...made, second, one: (each: OutgoingRecord) => code(made.writer.write([each])) }
  }

  test('for one partition are one request, in their order, and others wait for their turn', async () => {
    const { one, answer, seen } = await busy(3)
    expect(['m', 'f', 'b'].map((key) => partitionOfKey(Buffer.from(key), 3))).toEqual([2, 0, 2])
    const written = [
      one(keyed('m', 'm')),
      one(keyed('f', 'f')),
      one(keyed('b', 'b')),
      one({ ...record('p'), partition: 0 }),
    ]
    for (let count = 0; count < 3; count += 1) await answer()
    expect(await Promise.all(written)).toEqual(['written', 'written', 'written', 'written'])
    expect(seen().slice(2)).toEqual(['mb@1', 'fp@1'])
  })

  test('and may go to any partition are one request to one of them', async () => {
    const { one, answer, seen, destinations } = await busy(3)
    const written = [one(record('x')), one(keyed('k', 'k')), one(record('y'))]
    for (let count = 0; count < 3; count += 1) await answer()
    await Promise.all(written)
    expect(seen().slice(2)).toEqual(['xy@1', 'k@1'])
    expect(new Set(destinations()[2]).size).toBe(1)
    expect(destinations()[2]?.[0]).toBeTypeOf('number')
  })

  test('are written one by one where one of them is to blame: none of them had been taken', async () => {
    const { one, answer, seen } = await busy(1)
    const written = [one(record('x')), one(record('y')), one(record('z'))]
    await answer()
    await answer(tooLarge())
    await answer()
    await answer(tooLarge())
    await answer()
    expect(await Promise.all(written)).toEqual(['written', 'HF_RECORD_TOO_LARGE', 'written'])
    expect(seen().slice(2)).toEqual(['xyz@1', 'x@2', 'y@2', 'z@3'])
  })

  test('fail together where no broker answers', async () => {
    const { one, answer, seen } = await busy(1)
    const failed = [one(record('x')), one(record('y'))]
    await answer()
    await answer(down())
    expect(await Promise.all(failed)).toEqual(['HF_BROKER_UNREACHABLE', 'HF_BROKER_UNREACHABLE'])
    expect(seen()).toHaveLength(3)
  })

  test('stay in their order where one does not fit any more: those of a partition go behind it', async () => {
    const { one, answer, seen } = await busy(3)
    const large = 'l'.repeat(300_000)
    const written = [one(keyed('m', large)), one(keyed('m', large)), one(keyed('m', 'm')), one(keyed('f', 'f'))]
    for (let request = 0; request < 4; request += 1) await answer()
    await Promise.all(written)
    expect(seen().map((text) => text.replaceAll('l', ''))).toEqual(['a@1', 'b@1', '@1', 'm@1', 'f@1'])
    expect(seen().map((text) => text.length > 300_000)).toEqual([false, false, true, true, false])
  })

  test('are joined up to what a topic takes at once by default', async () => {
    const { one, answer, seen } = await busy(1)
    const large = 'x'.repeat(200_000)
    const written = [one(record(large)), one(record(large)), one(record(large))]
    for (let count = 0; count < 3; count += 1) await answer()
    await Promise.all(written)
    expect(
      seen()
        .slice(2)
        .map((text) => text.length - '@1'.length),
    ).toEqual([400_000, 200_000])
  })
})

describe('a topic writer', () => {
  test('sends one request at a time, in the order of the calls, over one connection', async () => {
    const { write, answer, seen } = rig()
    const written = [write('a'), write('b', 'c'), write('d')]
    expect(seen()).toEqual(['a@1'])
    for (let count = 0; count < 3; count += 1) await answer()
    expect(await Promise.all(written)).toEqual(['written', 'written', 'written'])
    expect(seen()).toEqual(['a@1', 'bc@1', 'd@1'])
  })

  test('fails all that wait for the same reason, and goes on over a new connection', async () => {
    const { write, answer, seen, ended } = rig()
    const failed = [write('a'), write('b')]
    await answer(down())
    expect(await Promise.all(failed)).toEqual(['HF_BROKER_UNREACHABLE', 'HF_BROKER_UNREACHABLE'])
    const next = write('c')
    await answer()
    expect(await next).toBe('written')
    expect([seen(), ended]).toEqual([['a@1', 'c@2'], ['abandon 1']])
  })

  test('fails only the call whose record is to blame', async () => {
    const { write, answer, seen } = rig()
    const both = [write('a'), write('b')]
    await answer(tooLarge())
    await answer()
    expect(await Promise.all(both)).toEqual(['HF_RECORD_TOO_LARGE', 'written'])
    expect(seen()).toEqual(['a@1', 'b@2'])
  })

  test('halves what is too large at once, and keeps its order', async () => {
    const { write, answer, seen } = rig()
    const written = write('a', 'b', 'c')
    for (const error of [tooLarge(), undefined, tooLarge(), undefined, undefined]) await answer(error)
    expect(await written).toBe('written')
    expect(seen()).toEqual(['abc@1', 'a@2', 'bc@2', 'b@3', 'c@3'])
  })

  test('settles every call within half a minute, whatever the brokers do', async () => {
    const { write, seen, ended } = rig()
    const first = write('a')
    await vi.advanceTimersByTimeAsync(20_000)
    const second = write('b')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await Promise.all([first, second])).toEqual(['HF_BROKER_UNREACHABLE', 'HF_BROKER_UNREACHABLE'])
    expect([seen(), ended]).toEqual([['a@1'], ['abandon 1']])
  })

  test('stops at once, with and without a request under way', async () => {
    const busy = rig()
    const calls = [busy.write('a'), busy.write('b')]
    await busy.writer.stop()
    expect(await Promise.all(calls)).toEqual(['HF_STATE_INVALID', 'HF_STATE_INVALID'])
    expect([busy.seen(), busy.ended]).toEqual([['a@1'], ['abandon 1']])
    const idle = rig()
    const written = idle.write('a')
    await idle.answer()
    expect(await written).toBe('written')
    await idle.writer.stop()
    await idle.writer.stop()
    expect(idle.ended).toEqual(['close 1'])
    expect(await idle.write('b')).toBe('HF_STATE_INVALID')
  })
})

test('requests keep to half of what a topic takes by default, unless one record is larger', () => {
  const sizes = (...lengths: readonly number[]): number[] =>
    requestsOf(lengths.map((length) => record('x'.repeat(length)))).map(({ length }) => length)
  expect(sizes(200_000, 200_000, 200_000)).toEqual([2, 1])
  expect(sizes(1, 900_000, 1)).toEqual([1, 1, 1])
  expect(sizes(...Array.from({ length: 1_200 }, () => 1))).toEqual([500, 500, 200])
  expect(sizes()).toEqual([])
})
