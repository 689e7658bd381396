import { expect, test } from 'vitest'

import type { KafkaVia, RunningKafka } from '../../src/kafka/cluster.ts'
import { climb } from '../../src/kafka/ladder.ts'
import { resolveOptions } from '../../src/kafka/options.ts'
import { ProvisioningError } from '../../src/kafka/provisioning-error.ts'
import type { BringUp, Way } from '../../src/kafka/way.ts'

function way(via: KafkaVia, label: string, outcome: BringUp | Error, tried: string[] = []): Way {
  return {
    via,
    label,
    async bringUp() {
      tried.push(via)
      if (outcome instanceof Error) throw outcome
      return outcome
    },
  }
}

function up(via: KafkaVia, title: string): BringUp {
  const running: RunningKafka = {
    via,
    title,
    brokers: ['127.0.0.1:1'],
    saslBrokers: [],
    hosts: [],
    ready: async () => undefined,
    dispose: async () => undefined,
  }
  return { up: running }
}

const request = (log: (line: string) => void = () => undefined) => resolveOptions({ log })

test('the first way that leads to a broker is taken, and one line says why not the others', async () => {
  const lines: string[] = []
  const ways = [
    way('external', 'KAFKA_BROKERS', { absent: 'KAFKA_BROKERS is not set' }),
    way('docker', 'Docker', { absent: 'no Docker\n daemon answers' }),
    way('jvm', 'local JVM', up('jvm', 'local JVM (Kafka 4.4.0, Java 17) at 127.0.0.1:1')),
  ]
  const cluster = await climb(
    ways,
    undefined,
    request((line) => lines.push(line)),
  )
  expect(cluster.via).toBe('jvm')
  expect(lines).toEqual([
    'kafka: local JVM (Kafka 4.4.0, Java 17) at 127.0.0.1:1 · KAFKA_BROKERS is not set · no Docker daemon answers',
  ])
  expect(cluster.description).toBe(lines[0])
})

test('ways after the one taken are not tried, and the line says so', async () => {
  const tried: string[] = []
  const ways = [
    way('external', 'KAFKA_BROKERS', up('external', 'external Kafka at a:1'), tried),
    way('docker', 'Docker', up('docker', 'Docker'), tried),
    way('jvm', 'local JVM', up('jvm', 'local JVM'), tried),
  ]
  const { description } = await climb(ways, undefined, request())
  expect(tried).toEqual(['external'])
  expect(description).toBe('kafka: external Kafka at a:1 · Docker was not needed · local JVM was not needed')
})

test('a forced way is the only one tried', async () => {
  const tried: string[] = []
  const ways = [
    way('external', 'KAFKA_BROKERS', up('external', 'external'), tried),
    way('docker', 'Docker', { absent: 'no Docker daemon answers' }, tried),
    way('jvm', 'local JVM', up('jvm', 'local JVM at a:1'), tried),
  ]
  const { description } = await climb(ways, 'jvm', request())
  expect(description).toBe('kafka: local JVM at a:1 · HOLDFAST_KAFKA asks for it')
  await expect(climb(ways, 'docker', request())).rejects.toThrow(
    /HOLDFAST_KAFKA allows this way only\):\n {2}- Docker: no Docker daemon answers$/,
  )
  expect(tried).toEqual(['jvm', 'docker'])
})

test('nothing found: the error lists every way, its reason and what to install', async () => {
  const ways = [
    way('external', 'KAFKA_BROKERS', { absent: 'not set', remedy: 'set it to host:port' }),
    way('docker', 'Docker', { absent: 'no daemon answers', remedy: 'start Docker' }),
    way('jvm', 'local JVM', { absent: 'no java', remedy: 'install Java 17' }),
  ]
  const error = await climb(ways, undefined, request()).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(ProvisioningError)
  expect(error).toMatchObject({
    code: 'KAFKA_NOT_FOUND',
    message: [
      'no Kafka could be brought up:',
      '  - KAFKA_BROKERS: not set; set it to host:port',
      '  - Docker: no daemon answers; start Docker',
      '  - local JVM: no java; install Java 17',
    ].join('\n'),
    tried: [
      { way: 'KAFKA_BROKERS', reason: 'not set', remedy: 'set it to host:port' },
      { way: 'Docker', reason: 'no daemon answers', remedy: 'start Docker' },
      { way: 'local JVM', reason: 'no java', remedy: 'install Java 17' },
    ],
  })
})

test('a way that throws ends the search: a named Kafka is not replaced by another', async () => {
  const tried: string[] = []
  const broken = new ProvisioningError('KAFKA_NOT_READY', 'a:1 does not answer')
  const ways = [way('external', 'KAFKA_BROKERS', broken, tried), way('jvm', 'local JVM', up('jvm', 'local JVM'), tried)]
  await expect(climb(ways, undefined, request())).rejects.toBe(broken)
  expect(tried).toEqual(['external'])
})
