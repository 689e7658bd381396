import type { HoldfastError, OutgoingRecord } from '@holdfast/core'
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
function rig() {
  const requests: { readonly text: string; readonly c: number; readonly answer: PromiseWithResolvers<void> }[] = []
  const ended: string[] = []
  let connections = 0
  const connect = () => {
    connections += 1
    const c = connections
    return {
      send(_topic: string, records: readonly OutgoingRecord[]): Promise<void> {
        const answer = Promise.withResolvers<void>()
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
  return { writer, write, answer, seen, ended }
}

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
