import { expect, test } from 'vitest'

import { external, parseBrokers } from '../../src/kafka/external.ts'
import { forcedWay } from '../../src/kafka/forced-way.ts'
import { kafka } from '../../src/kafka/kafka.ts'
import { resolveOptions } from '../../src/kafka/options.ts'

test.each([
  [undefined, undefined],
  ['', undefined],
  ['docker', 'docker'],
  ['jvm', 'jvm'],
  ['localhost:9092', 'external'],
  ['kafka://a:9092,b:9092', 'external'],
] as const)('HOLDFAST_KAFKA=%s forces %s', (value, via) => {
  expect(forcedWay({ HOLDFAST_KAFKA: value }).via).toBe(via)
})

test('brokers named by HOLDFAST_KAFKA win over KAFKA_BROKERS', () => {
  const { env } = forcedWay({ HOLDFAST_KAFKA: 'a:1', KAFKA_BROKERS: 'b:2' })
  expect(env.KAFKA_BROKERS).toBe('a:1')
})

test('another value of HOLDFAST_KAFKA is refused', async () => {
  await expect(kafka({ env: { HOLDFAST_KAFKA: 'podman' } })).rejects.toMatchObject({
    code: 'KAFKA_OPTION_INVALID',
    message: 'HOLDFAST_KAFKA is "podman": it may be docker, jvm, or brokers as host:port',
  })
})

test.each([
  ['localhost:9092', ['localhost:9092']],
  [' a:1 , b:2 ,', ['a:1', 'b:2']],
  ['kafka://a:1,PLAINTEXT://b:2', ['a:1', 'b:2']],
  ['[::1]:9092', ['[::1]:9092']],
])('KAFKA_BROKERS=%s', (value, brokers) => {
  expect(parseBrokers(value)).toEqual(brokers)
})

test.each(['localhost', 'a:b', ',', 'a:1,b'])('KAFKA_BROKERS=%s is refused', (value) => {
  expect(() => parseBrokers(value)).toThrow('is not host:port')
})

test('a running Kafka takes neither properties nor a SASL listener', async () => {
  const env = { KAFKA_BROKERS: 'localhost:1' }
  const sasl = { username: 'u', password: 'p' }
  const request = resolveOptions({ env, sasl, properties: { 'num.partitions': 3 } })
  await expect(external.bringUp(request)).rejects.toThrow(
    'sasl and properties cannot be given to a Kafka that is already running',
  )
})

test.each([
  [{ brokers: 2 as 1 }, 'brokers is 2: it may be 1 or 3'],
  [{ sasl: { username: 'u', password: '"; x="' } }, 'neither quotes nor backslashes'],
])('options %j are refused', (options, message) => {
  expect(() => resolveOptions(options)).toThrow(message)
})
