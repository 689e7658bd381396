import { HoldfastError, type OutgoingRecord } from '@holdfast/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { requireInternal } from '../../src/internals/kafkajs.ts'
import { produceError } from '../../src/produce/produce-error.ts'

const { createErrorFromCode, errorCodes } = requireInternal<{
  createErrorFromCode(code: number): Error
  readonly errorCodes: readonly { readonly type: string; readonly code: number }[]
}>('protocol/error')
type AnyError = new (...args: unknown[]) => Error
const errors = requireInternal<Record<string, AnyError>>('errors')

const record: OutgoingRecord = { topic: 'orders.dead', key: Buffer.from('k'), value: Buffer.alloc(50), headers: [] }
const scene = { topic: 'orders.dead', records: [record], brokers: ['b:9092'] }
const ofType = (type: string): Error =>
  createErrorFromCode(errorCodes.find((each) => each.type === type)?.code as number)
const retried = (error: Error): Error =>
  new (errors.KafkaJSNumberOfRetriesExceeded as AnyError)(error, { retryCount: 5, retryTime: 1 })

test.each([
  ['MESSAGE_TOO_LARGE', 'HF_RECORD_TOO_LARGE', false, 'max.message.bytes'],
  ['UNKNOWN_TOPIC_OR_PARTITION', 'HF_TOPIC_MISSING', true, 'create it'],
  ['TOPIC_AUTHORIZATION_FAILED', 'HF_AUTH_FAILED', false, 'WRITE'],
  ['CLUSTER_AUTHORIZATION_FAILED', 'HF_AUTH_FAILED', false, 'IDEMPOTENT_WRITE'],
  ['NOT_ENOUGH_REPLICAS', 'HF_PRODUCE_FAILED', true, 'min.insync.replicas'],
  ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'HF_PRODUCE_FAILED', true, 'min.insync.replicas'],
  ['LEADER_NOT_AVAILABLE', 'HF_PRODUCE_FAILED', true, 'leader'],
  ['NOT_LEADER_FOR_PARTITION', 'HF_PRODUCE_FAILED', true, 'leader'],
  ['REQUEST_TIMED_OUT', 'HF_PRODUCE_FAILED', true, 'not acknowledged'],
  ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'HF_PRODUCE_FAILED', true, 'not acknowledged'],
  ['INVALID_PRODUCER_EPOCH', 'HF_PRODUCE_FAILED', true, 'not acknowledged'],
  ['KAFKA_STORAGE_ERROR', 'HF_PRODUCE_FAILED', true, 'not acknowledged'],
  ['INVALID_RECORD', 'HF_RECORD_REFUSED', false, 'key'],
  ['INVALID_TIMESTAMP', 'HF_RECORD_REFUSED', false, 'message.timestamp'],
  ['POLICY_VIOLATION', 'HF_RECORD_REFUSED', false, 'policy'],
  ['SASL_AUTHENTICATION_FAILED', 'HF_AUTH_FAILED', false, 'sasl'],
] as const)('%s is %s', (type, code, retryable, words) => {
  for (const error of [ofType(type), retried(ofType(type))]) {
    const made = produceError(error, scene)
    expect(made).toMatchObject({ code, retryable, cause: error, details: { topic: 'orders.dead', type } })
    expect(made.message).toContain('orders.dead')
    expect(made.message).toContain(words)
    expect(made.message).toContain('Fix: ')
  }
})

test.each([
  ['KafkaJSConnectionError', 'HF_BROKER_UNREACHABLE'],
  ['KafkaJSConnectionClosedError', 'HF_BROKER_UNREACHABLE'],
  ['KafkaJSRequestTimeoutError', 'HF_BROKER_UNREACHABLE'],
  ['KafkaJSBrokerNotFound', 'HF_BROKER_UNREACHABLE'],
  ['KafkaJSLockTimeout', 'HF_PRODUCE_FAILED'],
  ['KafkaJSMetadataNotLoaded', 'HF_PRODUCE_FAILED'],
])('%s is %s, and worth another try', (name, code) => {
  const error = new (errors[name] as AnyError)('because')
  for (const each of [error, retried(error)]) {
    const made = produceError(each, scene)
    expect(made).toMatchObject({ code, retryable: true, details: { topic: 'orders.dead' } })
    expect(made.message).toMatch(/orders\.dead.*because.*Fix: /s)
  }
})

test('an error of ours stays what it is', () => {
  const own = new HoldfastError('HF_PARTITION_MISSING', 'none')
  expect(produceError(own, scene)).toBe(own)
})

test('whatever is thrown becomes an error that names the topic', () => {
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      const made = produceError(thrown, scene)
      expect(made).toBeInstanceOf(HoldfastError)
      expect(made.message).toContain('orders.dead')
    }),
  )
})
