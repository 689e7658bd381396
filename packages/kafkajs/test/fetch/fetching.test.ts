import type { DriverContext, RecordBatch } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { Fetching } from '../../src/fetch/fetching.ts'
import type { ClusterInternals, FetchRequest, FetchResponse } from '../../src/internals/cluster.ts'
import type { EachBatchPayload } from '../../src/internals/kafkajs.ts'

/** A partition `t/0` that is read from 5 on, of a log that begins at 12; what the core is told of it. */
class Reading {
  readonly told: string[] = []
  readonly fetching: Fetching

  constructor() {
    const sink = {
      reset: (_: unknown, to: number) => this.told.push(`reset to ${to}`),
      advanced: (_: unknown, __: number, to: number) => this.told.push(`advanced to ${to}`),
      batch: ({ nextOffset }: RecordBatch) => this.told.push(`batch to ${nextOffset}`),
    }
    const context = {
      autoOffsetReset: 'earliest',
      producesTo: [],
      maxPartitionFetchBytes: 1,
      sink,
    } as unknown as DriverContext
    const logStarts = [{ topic: 't', partitions: [{ partition: 0, offset: '12' }] }]
    const cluster = { fetchTopicsOffset: async () => logStarts } as unknown as ClusterInternals
    this.fetching = new Fetching(context, () => cluster)
    this.fetching.begin(1, [{ topic: 't', partition: 0, position: 5, committed: 5 }])
  }

  /** A rebalance after which the partition is still there. */
  rebalance(): void {
    this.fetching.halt()
    this.fetching.begin(2, [])
  }

  /** kafkajs asks from its own position; answers what the broker was asked for, and what kafkajs gets. */
  async fetch(fetchOffset: number, answer: () => FetchResponse): Promise<{ asked: string; got: FetchResponse }> {
    const partitions = [{ partition: 0, fetchOffset: String(fetchOffset), maxBytes: 1 }]
    let asked = ''
    const got = await this.fetching.fetch({ topics: [{ topic: 't', partitions }] }, async (request: FetchRequest) => {
      asked = request.topics[0]?.partitions[0]?.fetchOffset as string
      return answer()
    })
    return { asked, got }
  }

  handOver(fetchedOffset: number, lastOffset: number): void {
    const batch = { topic: 't', partition: 0, messages: [], highWatermark: '9', fetchedOffset: String(fetchedOffset) }
    this.fetching.handOver({ batch: { ...batch, lastOffset: () => String(lastOffset) } } as unknown as EachBatchPayload)
  }
}

const NOTHING: FetchResponse = { responses: [] }
const upTo = (last: number, traits: { isControlRecord?: boolean } = {}): FetchResponse => ({
  responses: [{ topicName: 't', partitions: [{ partition: 0, messages: [{ offset: String(last), ...traits }] }] }],
})
const outOfRange = (): never => {
  throw Object.assign(new Error('out of range'), { name: 'KafkaJSOffsetOutOfRange', topic: 't', partition: 0 })
}

describe('a position outside the log', () => {
  test('is moved to its start, and the next request asks from there', async () => {
    const reading = new Reading()
    expect((await reading.fetch(0, outOfRange)).got).toEqual(NOTHING)
    expect(reading.told).toEqual(['reset to 12'])
    expect((await reading.fetch(0, () => NOTHING)).asked).toBe('12')
  })

  // kafkajs answers that error with a commit of −1 or −2 under the generation that is in force by then.
  test.each([
    ['while a join is under way', (reading: Reading) => reading.fetching.halt()],
    ['after the next assignment', (reading: Reading) => reading.rebalance()],
  ])('that is told %s never reaches kafkajs, and moves nothing', async (_when, goOn) => {
    const reading = new Reading()
    const { got } = await reading.fetch(0, () => {
      goOn(reading)
      return outOfRange()
    })
    expect(got).toEqual(NOTHING)
    expect(reading.told).toEqual([])
  })
})

test('a position that has moved since it was asked for is not reset: another leader may have answered', async () => {
  const reading = new Reading()
  const { got } = await reading.fetch(5, () => {
    reading.handOver(5, 7)
    return outOfRange()
  })
  expect(got).toEqual(NOTHING)
  expect(reading.told).toEqual(['batch to 8'])
  expect((await reading.fetch(0, () => NOTHING)).asked).toBe('8')
})

describe('what was asked for before a rebalance', () => {
  test('is emptied when it comes after it, and asked for again', async () => {
    const reading = new Reading()
    const { got } = await reading.fetch(5, () => {
      reading.rebalance()
      return upTo(7)
    })
    expect(got.responses).toEqual([])
    expect((await reading.fetch(8, () => NOTHING)).asked).toBe('5')
  })

  test('is handed over neither while the join is under way, nor from another place than the position', async () => {
    const reading = new Reading()
    await reading.fetch(5, () => upTo(7))
    reading.fetching.halt()
    reading.handOver(5, 7)
    reading.fetching.begin(2, [])
    reading.handOver(8, 9)
    expect(reading.told).toEqual([])
    reading.handOver(5, 7)
    expect(reading.told).toEqual(['batch to 8'])
  })

  test('is not taken for passed over, though kafkajs goes on behind it', async () => {
    const reading = new Reading()
    await reading.fetch(5, () => upTo(7))
    reading.rebalance()
    expect((await reading.fetch(8, () => NOTHING)).asked).toBe('5')
    expect(reading.told).toEqual([])
  })
})

/** kafkajs asks the new leader of a partition before the old one has answered. */
describe('an answer of a former leader', () => {
  test('is emptied where another one has moved the position meanwhile', async () => {
    const reading = new Reading()
    const { got } = await reading.fetch(5, () => {
      reading.handOver(5, 7)
      return upTo(9)
    })
    expect(got.responses).toEqual([{ topicName: 't', partitions: [] }])
    expect((await reading.fetch(10, () => NOTHING)).asked).toBe('8')
    expect(reading.told).toEqual(['batch to 8'])
  })
})

describe('what holds nothing to deliver', () => {
  test('is passed over as soon as it has come', async () => {
    const reading = new Reading()
    await reading.fetch(5, () => upTo(7, { isControlRecord: true }))
    expect(reading.told).toEqual(['advanced to 8'])
    expect((await reading.fetch(8, () => NOTHING)).asked).toBe('8')
  })

  // It drops responses when its brokers change, and may be ahead of us where the start is not the committed offset.
  test('is not what kafkajs asks behind without having handed it over', async () => {
    const reading = new Reading()
    await reading.fetch(8, () => upTo(7))
    expect((await reading.fetch(8, () => NOTHING)).asked).toBe('5')
    expect(reading.told).toEqual([])
  })
})
