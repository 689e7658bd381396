import type { HoldfastError } from '@holdfast/core'
import { expect, test } from 'vitest'
import { LogReader } from '../../src/fetch/log-reader.ts'
import type { ClusterInternals, FetchRequest, FetchResponse } from '../../src/internals/cluster.ts'

type Set = FetchResponse['responses'][number]['partitions'][number]

/** Reads `t/0`, of which a broker answers from each offset as given. */
async function read(answers: Readonly<Record<string, Omit<Set, 'partition'>>>, to: number): Promise<number[]> {
  const broker = {
    fetch: async ({ topics }: FetchRequest) => {
      const from = topics[0]?.partitions[0]?.fetchOffset as string
      return { responses: [{ topicName: 't', partitions: [{ partition: 0, messages: [], ...answers[from] }] }] }
    },
  }
  const cluster = {
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
    findBroker: async () => broker,
    refreshMetadata: async () => undefined,
  } as unknown as ClusterInternals
  const reader = new LogReader({ groupId: 'g', cluster: () => cluster, translate: (error) => error as HoldfastError })
  const offsets: number[] = []
  for await (const records of reader.read({ topic: 't', partition: 0 }, 0, to))
    for (let index = 0; index < records.length; index += 1) offsets.push(records.offsetAt(index))
  return offsets
}

const damaged = (firstOffset: number, nextOffset: number | undefined): Omit<Set, 'partition'> => ({
  messages: [],
  undecodable: { firstOffset, nextOffset, kind: 'written', reason: new Error('corrupt') },
})
const records = (...offsets: number[]): Omit<Set, 'partition'> => ({
  messages: offsets.map((offset) => ({ offset: String(offset) })),
})

test('what cannot be decoded is passed, and what stands behind it is read', async () => {
  expect(await read({ 0: records(0, 1), 2: damaged(2, 4), 4: records(4, 5) }, 6)).toEqual([0, 1, 4, 5])
})

test('a batch in which compaction has left nothing is passed', async () => {
  expect(await read({ 0: { messages: [], endOffset: 3 }, 3: records(3) }, 4)).toEqual([3])
})

test('where nobody can say where the log goes on, that is an error, and not the end', async () => {
  await expect(read({ 0: records(0), 1: damaged(1, undefined) }, 3)).rejects.toMatchObject({ code: 'HF_UNDECODABLE' })
})
