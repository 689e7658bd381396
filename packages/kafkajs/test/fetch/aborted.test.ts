import { describe, expect, test } from 'vitest'
import { hideAborted } from '../../src/fetch/aborted.ts'
import type { FetchResponse } from '../../src/internals/cluster.ts'

type Message = FetchResponse['responses'][number]['partitions'][number]['messages'][number]

const record = (offset: number, producerId: string, key: Buffer | null = null): Message => ({
  offset: String(offset),
  key,
  isControlRecord: false,
  batchContext: { producerId, inTransaction: true },
})
const marker = (offset: number, producerId: string, type: 'abort' | 'commit'): Message => ({
  offset: String(offset),
  key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]),
  isControlRecord: true,
  batchContext: { producerId, inTransaction: true },
})
const plain = (offset: number): Message => ({
  offset: String(offset),
  isControlRecord: false,
  batchContext: { producerId: '-1', inTransaction: false },
})

/** The offsets that kafkajs would hand on. */
function visible(messages: Message[], ...aborted: (readonly [producerId: string, firstOffset: number])[]): number[] {
  const abortedTransactions = aborted.map(([producerId, firstOffset]) => ({
    producerId,
    firstOffset: String(firstOffset),
  }))
  const partition = { partition: 0, abortedTransactions, messages }
  hideAborted({ responses: [{ topicName: 't', partitions: [partition] }] })
  expect(partition.abortedTransactions).toEqual([])
  return partition.messages
    .filter(({ isControlRecord }) => isControlRecord !== true)
    .map(({ offset }) => Number(offset))
}

describe('records of aborted transactions are hidden', () => {
  test('one transaction, and what is plain around it stays', () => {
    const messages = [plain(0), record(1, 'a'), record(2, 'a'), marker(3, 'a', 'abort'), plain(4)]
    expect(visible(messages, ['a', 1])).toEqual([0, 4])
  })

  test('the next transaction of the same producer is not', () => {
    const messages = [record(0, 'a'), marker(1, 'a', 'abort'), record(2, 'a'), marker(3, 'a', 'commit')]
    expect(visible(messages, ['a', 0])).toEqual([2])
  })

  test('nested ones, told in the order in which they ended', () => {
    const messages = [
      record(0, 'a'),
      record(1, 'b'),
      marker(2, 'b', 'abort'),
      record(3, 'a'),
      marker(4, 'a', 'abort'),
      plain(5),
    ]
    expect(visible(messages, ['b', 1], ['a', 0])).toEqual([5])
  })

  test('two that began before what was fetched', () => {
    const messages = [record(2, 'a'), record(3, 'b'), marker(4, 'a', 'abort'), marker(5, 'b', 'abort'), plain(6)]
    expect(visible(messages, ['a', 0], ['b', 1])).toEqual([6])
  })

  test('a record whose key looks like an abort marker ends nothing', () => {
    const messages = [record(0, 'a'), record(1, 'a', Buffer.alloc(4)), record(2, 'a'), marker(3, 'a', 'abort')]
    expect(visible(messages, ['a', 0])).toEqual([])
  })

  test('nothing, where none was aborted', () => {
    expect(visible([record(0, 'a'), marker(1, 'a', 'commit')])).toEqual([0])
  })
})
