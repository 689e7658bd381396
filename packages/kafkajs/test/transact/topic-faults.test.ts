import { HoldfastError } from '@holdfast/core'
import { expect, test } from 'vitest'
import { requireInternal } from '../../src/internals/kafkajs.ts'
import { isTopics } from '../../src/transact/topic-faults.ts'

type Failing = new (cause: unknown, details?: object) => Error

interface Errors {
  readonly KafkaJSConnectionClosedError: Failing
  readonly KafkaJSConnectionError: Failing
  readonly KafkaJSGroupCoordinatorNotFound: Failing
  readonly KafkaJSMetadataNotLoaded: Failing
  readonly KafkaJSNonRetriableError: Failing
  readonly KafkaJSNumberOfRetriesExceeded: Failing
  readonly KafkaJSProtocolError: Failing
  readonly KafkaJSRequestTimeoutError: Failing
}

const errors = requireInternal<Errors>('errors')
const typed = (type: string): Error => new errors.KafkaJSProtocolError({ type, message: type })
/** As kafkajs gives up. */
const repeated = (error: Error): Error =>
  new errors.KafkaJSNumberOfRetriesExceeded(error, { retryCount: 30, retryTime: 200 })
const final = (error: Error): Error => new errors.KafkaJSNonRetriableError(error, { cause: error })
const timedOut = (request: string): Error => new errors.KafkaJSRequestTimeoutError(`Request ${request} timed out`, {})

test.each<[string, unknown]>([
  ['a topic that is missing', repeated(typed('UNKNOWN_TOPIC_OR_PARTITION'))],
  ['one that this user may not write to', final(typed('TOPIC_AUTHORIZATION_FAILED'))],
  ['one that takes less at once', final(typed('MESSAGE_TOO_LARGE'))],
  ['one with too few replicas', repeated(typed('NOT_ENOUGH_REPLICAS'))],
  ['one without a leader', repeated(typed('LEADER_NOT_AVAILABLE'))],
  ['one whose leader moves', repeated(typed('NOT_LEADER_FOR_PARTITION'))],
  ['one whose replicas do not acknowledge', repeated(typed('REQUEST_TIMED_OUT'))],
  ['one that is not among what brokers know', repeated(new errors.KafkaJSMetadataNotLoaded('no metadata'))],
  ['a leader that does not answer', repeated(timedOut('Produce(key: 0, version: 7)'))],
  ['what no broker would read', new HoldfastError('HF_RECORD_TOO_LARGE', 'too large.')],
])('%s is what has not taken the outputs', (_, error) => {
  expect(isTopics(error)).toBe(true)
})

test.each<[string, unknown]>([
  ['the last transaction is still being completed', repeated(typed('CONCURRENT_TRANSACTIONS'))],
  ['the coordinator has moved', repeated(typed('NOT_COORDINATOR_FOR_GROUP'))],
  ['the coordinator is not there', repeated(typed('GROUP_COORDINATOR_NOT_AVAILABLE'))],
  ['nobody knows the coordinator', final(new errors.KafkaJSGroupCoordinatorNotFound('not found'))],
  ['the coordinator does not answer', repeated(timedOut('AddPartitionsToTxn(key: 24, version: 1)'))],
  [
    'a connection that may be that to the coordinator was lost',
    repeated(new errors.KafkaJSConnectionClosedError('closed')),
  ],
  ['a broker that may be the coordinator is not reached', repeated(new errors.KafkaJSConnectionError('refused'))],
  ['the producer is fenced', final(typed('INVALID_PRODUCER_EPOCH'))],
  ['the id is not known any more', final(typed('INVALID_PRODUCER_ID_MAPPING'))],
  ['the transaction has ended', final(typed('INVALID_TXN_STATE'))],
  ['this user may not use the id', final(typed('TRANSACTIONAL_ID_AUTHORIZATION_FAILED'))],
  ['what is no error was thrown', 'no'],
])('no topic is named where %s', (_, error) => {
  expect(isTopics(error)).toBe(false)
})
