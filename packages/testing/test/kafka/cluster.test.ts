import { expect, test } from 'vitest'

import type { BrokerHost } from '../../src/kafka/broker-host.ts'
import { clusterOf, type KafkaCluster } from '../../src/kafka/cluster.ts'

function fakeHost(id: number, calls: string[]): BrokerHost {
  let alive = true
  const note = (action: string) => calls.push(`${action} ${id}`)
  return {
    id,
    start: async () => {
      note('start')
      alive = true
    },
    stop: async () => void note('stop'),
    kill: async () => {
      note('kill')
      alive = false
    },
    pause: async () => void note('pause'),
    resume: async () => void note('resume'),
    failure: async () => (alive ? undefined : 'dead'),
  }
}

function fakeCluster(brokers: number): { cluster: KafkaCluster; calls: string[] } {
  const calls: string[] = []
  const ids = Array.from({ length: brokers }, (_, index) => index + 1)
  const cluster = clusterOf(
    {
      via: brokers === 0 ? 'external' : 'jvm',
      title: 'fake',
      brokers: ids.map((id) => `127.0.0.1:${id}`),
      saslBrokers: [],
      hosts: ids.map((id) => fakeHost(id, calls)),
      ready: async (waited) => void calls.push(`ready ${waited.join()}`),
      dispose: async () => void calls.push('dispose'),
    },
    'fake',
  )
  return { cluster, calls }
}

test('a graceful restart asks, another kills; both wait until all serve', async () => {
  const { cluster, calls } = fakeCluster(1)
  await cluster.restart()
  await cluster.restart({ graceful: false })
  expect(calls.filter((call) => !call.startsWith('resume'))).toEqual([
    ...['stop 1', 'start 1', 'ready 1'],
    ...['kill 1', 'start 1', 'ready 1'],
  ])
})

test('start waits for the brokers that should serve, not for those that are down or frozen', async () => {
  const { cluster, calls } = fakeCluster(3)
  await cluster.kill(2)
  await cluster.pause(3)
  await cluster.start(2)
  expect(calls.at(-1)).toBe('ready 1,2')
  await cluster.resume(3)
  await cluster.start(2)
  expect(calls.at(-1)).toBe('ready 1,2,3')
})

test('resuming a killed broker does not bring it back', async () => {
  const { cluster, calls } = fakeCluster(3)
  await cluster.kill(3)
  await cluster.resume(3)
  await cluster.start(1)
  expect(calls.at(-1)).toBe('ready 1,2')
})

test('an action without a number is for all brokers', async () => {
  const { cluster, calls } = fakeCluster(3)
  await cluster.kill()
  expect(calls).toEqual(['kill 1', 'kill 2', 'kill 3'])
})

test.each(['restart', 'kill', 'start', 'pause', 'resume'] as const)(
  '%s is refused on an external Kafka',
  async (action) => {
    await expect(fakeCluster(0).cluster[action]()).rejects.toMatchObject({
      code: 'KAFKA_FAULT_REFUSED',
      message: `${action}: this Kafka is external and not ours to touch; unset KAFKA_BROKERS to have one`,
    })
  },
)

test('a broker that does not exist is refused', async () => {
  await expect(fakeCluster(3).cluster.kill(4)).rejects.toThrow('there is no broker 4, only 1 to 3')
})

test('a stopped cluster is disposed of once and refuses faults', async () => {
  const { cluster, calls } = fakeCluster(1)
  await Promise.all([cluster.stop(), cluster.stop(), cluster[Symbol.asyncDispose]()])
  expect(calls).toEqual(['dispose'])
  await expect(cluster.start()).rejects.toThrow('start: the cluster was stopped')
})
