import type { DriverContext, DriverSink } from '@holdfast/core'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type DriverParts, KafkajsDriver } from '../src/driver.ts'
import type { GroupClientPorts } from '../src/group-client.ts'
import type { ClusterInternals } from '../src/internals/cluster.ts'
import { resolveKafkajsOptions } from '../src/options.ts'
import { quietLogger } from './support/quiet-logger.ts'

class FakeClient {
  readonly ports: GroupClientPorts
  isOver = false
  readonly cluster = {
    metadata: async () => ({ topicMetadata: topics.map((topic) => ({ topic })) }),
  } as unknown as ClusterInternals

  constructor(ports: GroupClientPorts) {
    this.ports = ports
  }

  open(): Promise<void> {
    return opening
  }

  async close(): Promise<void> {
    this.isOver = true
  }

  crash(): void {
    this.isOver = true
    this.ports.ended(new Error('crashed'))
  }
}

/** What stands for the consumers of kafkajs that were made. */
const clients: FakeClient[] = []
/** What opening one of them waits for. */
let opening: Promise<void> = Promise.resolve()
/** All that there are. */
let topics: string[] = []

const parts: DriverParts = {
  preflight: async () => topics,
  createGroupClient: (_topics, ports) => {
    const client = new FakeClient(ports)
    clients.push(client)
    return client
  },
}

function driverOf(sink: Partial<DriverSink>): KafkajsDriver {
  const context = { groupId: 'g', topics: [/^t/], producesTo: [], asWideAs: [], logger: quietLogger, sink }
  const config = resolveKafkajsOptions({ brokers: ['localhost:9092'], metadataMaxAgeMs: 1_000 })
  return new KafkajsDriver(config, context as unknown as DriverContext, parts)
}

beforeEach(() => {
  clients.length = 0
  opening = Promise.resolve()
  topics = ['t1']
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
})

const turn = (): Promise<void> => new Promise(setImmediate)

test('a client that ends while it is drained for new topics is replaced once', async () => {
  const drained = Promise.withResolvers<void>()
  const crashed = vi.fn()
  const driver = driverOf({ suspending: () => drained.promise, lost: vi.fn(), crashed })
  onTestFinished(() => driver.stop())
  await driver.start(new AbortController().signal)
  topics = ['t1', 't2']
  await vi.advanceTimersByTimeAsync(1_000)
  clients[0]?.crash()
  await vi.waitFor(() => expect(crashed).toHaveBeenCalled())
  drained.resolve()
  await turn()
  expect(clients).toHaveLength(1)
  await vi.waitFor(() => expect(clients).toHaveLength(2), { timeout: 5_000 })
})

test('one that is opened too late, after the stop, looks for no topics', async () => {
  const opened = Promise.withResolvers<void>()
  opening = opened.promise
  const driver = driverOf({ lost: vi.fn() })
  const starting = driver.start(new AbortController().signal)
  await vi.waitFor(() => expect(clients).toHaveLength(1))
  await driver.stop()
  opened.resolve()
  await starting
  expect(vi.getTimerCount()).toBe(0)
})
