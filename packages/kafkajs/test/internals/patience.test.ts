import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { ClusterInternals, MakeRequest } from '../../src/internals/cluster.ts'
import { requireInternal } from '../../src/internals/kafkajs.ts'
import { makePatient } from '../../src/internals/patience.ts'

interface Partition {
  readonly partitionErrorCode: number
  readonly partitionId: number
  readonly leader: number
}

interface Pool {
  createBroker(): unknown
  connect(): Promise<void>
  refreshMetadata(topics: readonly string[]): Promise<void>
  refreshMetadataIfNecessary(topics: readonly string[]): Promise<void>
  readonly metadata: { readonly topicMetadata: readonly { readonly partitionMetadata: readonly Partition[] }[] } | null
}

const BrokerPool = requireInternal<new (options: object) => Pool>('cluster/brokerPool')
const { parse } = requireInternal<{ parse(answer: unknown): Promise<unknown> }>(
  'protocol/requests/metadata/v6/response',
)
const LEADER_NOT_AVAILABLE = 5
const METADATA = 3
const log = { debug: () => undefined, error: () => undefined, warn: () => undefined, info: () => undefined }

/** What the broker says of the partitions of `t`. */
let partitions: readonly Partition[] = []
let asked = 0

/** As kafkajs's own, up to the connection. */
class FakeBroker {
  readonly nodeId = 0
  readonly versions = {}
  readonly connectionPool = { host: 'h', port: 1, rack: null }
  lookupRequest = (): MakeRequest => () => ({
    request: { apiVersion: 6 },
    response: { decode: async () => ({}), parse },
  })
  readonly isConnected = (): boolean => true
  readonly connect = async (): Promise<void> => undefined

  async metadata(): Promise<unknown> {
    asked += 1
    const { response } = (this.lookupRequest as (apiKey: number) => MakeRequest)(METADATA)({})
    const brokers = [{ nodeId: 0, host: 'h', port: 1, rack: null }]
    return response.parse({
      brokers,
      topicMetadata: [{ topicErrorCode: 0, topic: 't', partitionMetadata: partitions }],
    })
  }
}

function patientPool(): Pool {
  const retry = { retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 100, maxRetryTime: 1_000 }
  const connectionPoolBuilder = { build: async () => ({ host: 'h', port: 1, rack: null }) }
  const logger = { ...log, namespace: () => log }
  const pool = new BrokerPool({ connectionPoolBuilder, logger, retry, metadataMaxAge: 30_000 })
  pool.createBroker = () => new FakeBroker()
  const retrier = (attempt: () => unknown): unknown => attempt()
  makePatient({ retrier, brokerPool: pool, getNodeIds: () => [] } as unknown as ClusterInternals, () => false)
  return pool
}

const led = (partitionId: number): Partition => ({ partitionErrorCode: 0, partitionId, leader: 0 })
const leaderless = (partitionId: number): Partition => ({
  partitionErrorCode: LEADER_NOT_AVAILABLE,
  partitionId,
  leader: -1,
})

beforeEach(() => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  asked = 0
})

test('a partition without a leader does not keep the others waiting, and is looked for again soon', async () => {
  partitions = [led(0), leaderless(1)]
  const pool = patientPool()
  await pool.connect()
  const refreshed = vi.fn()
  void pool.refreshMetadata(['t']).then(refreshed)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(refreshed).toHaveBeenCalled()
  expect(pool.metadata?.topicMetadata[0]?.partitionMetadata.map(({ leader }) => leader)).toEqual([0, -1])
  partitions = [led(0), led(1)]
  await pool.refreshMetadataIfNecessary(['t'])
  expect(pool.metadata?.topicMetadata[0]?.partitionMetadata.map(({ leader }) => leader)).toEqual([0, 0])
  const known = asked
  await vi.advanceTimersByTimeAsync(10_000)
  await pool.refreshMetadataIfNecessary(['t'])
  expect(asked).toBe(known)
})
