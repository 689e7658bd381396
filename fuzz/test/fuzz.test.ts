import { beforeAll, describe, expect, test } from 'vitest'
import { newBudget } from '../../packages/kafkajs/src/internals/decode/budget.ts'
import { type DecodedSet, decodeRecordSet } from '../../packages/kafkajs/src/internals/decode/record-set.ts'
import { hardenKafkajs } from '../../packages/kafkajs/src/internals/harden.ts'
import { readCommandLine } from '../src/options.ts'
import { runProgram } from '../src/program.ts'
import { complaintOf, type ReadSet } from '../src/read-case.ts'

const SEED = 20_260_101
const CASES = 3_000

beforeAll(() => hardenKafkajs())

const right: ReadSet = (set, asked) => decodeRecordSet(set, asked, newBudget(1_000_000))

/** The complaints of the first cases that have any. */
async function complaints(read: ReadSet, most = 5): Promise<string[]> {
  const found: string[] = []
  for (let index = 0; index < CASES && found.length < most; index += 1) {
    const complaint = await complaintOf(SEED, index, read)
    if (complaint !== undefined) found.push(`case ${index}: ${complaint}`)
  }
  return found
}

test(`no complaint about ${CASES} cases of one seed`, async () => {
  expect(await complaints(right)).toEqual([])
})

describe('a reader is complained of that', () => {
  const none: DecodedSet = { messages: [] }
  test.each<[string, RegExp, ReadSet]>([
    ['throws', /threw Error: no/, () => Promise.reject(new Error('no'))],
    ['reads nothing', /says nothing of what stands at/, async () => none],
    ['goes back', /was the least/, async (_, { position }) => ({ messages: [{ offset: String(position - 1) }] })],
    ['leaves one out', /is missing/, async (set, asked) => withoutFirst(await right(set, asked))],
    ['gives another one', /is another one/, async (set, asked) => withOther(await right(set, asked))],
    ['reads twice', /was the least/, async (set, asked) => twice(await right(set, asked))],
    ['skips', /is missing/, async (_, { position }) => ({ messages: [], endOffset: position + 1 })],
  ])('%s', async (_what, complaint, read) => {
    expect((await complaints(read)).join()).toMatch(complaint)
  })

  function withoutFirst(set: DecodedSet): DecodedSet {
    return { ...set, messages: set.messages.length > 1 ? set.messages.slice(1) : set.messages }
  }

  function withOther(set: DecodedSet): DecodedSet {
    return { ...set, messages: set.messages.map((message) => ({ ...message, value: Buffer.from('other') })) }
  }

  function twice(set: DecodedSet): DecodedSet {
    return { ...set, messages: set.messages.flatMap((message) => [message, message]) }
  }
})

describe('the program', () => {
  test('prints its seed, so that a run can be had again, and reads single cases', async () => {
    const lines: string[] = []
    const line = readCommandLine(['--seed', '7', '--seconds', '5', '--case', '3'], 0)
    expect(await runProgram(line, (text) => void lines.push(text))).toBe(true)
    expect(lines).toEqual(['seed 7', '1 cases'])
  })

  test('takes a new seed by itself, and refuses flags that it does not know', () => {
    expect(readCommandLine([], 99)).toEqual({ seed: 99, seconds: 60, only: undefined })
    expect(() => readCommandLine(['--sead', '1'], 0)).toThrow(/use --seed, --seconds and --case/)
    expect(() => readCommandLine(['--seed', 'x'], 0)).toThrow(/--seed x is not allowed/)
  })
})
