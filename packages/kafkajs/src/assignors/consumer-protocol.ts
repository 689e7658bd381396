import type { TopicPartition } from '@holdfast/core'
import { InternalFault } from '../internals/fault.ts'
import { readTopicPartitions, writeTopicPartitions } from './topic-partitions.ts'
import { WireReader, WireWriter } from './wire.ts'

/** The version that is written. Java reads a later version than it knows as its latest, and so does this. */
export const SUBSCRIPTION_VERSION = 3
/** No version of an assignment has added anything, and every client can read the first. */
const ASSIGNMENT_VERSION = 0

/** What a member tells the leader with its join: `ConsumerProtocolSubscription` of Java. */
export interface ConsumerSubscription {
  readonly topics: readonly string[]
  /** What the assignor adds for itself. */
  readonly userData: Buffer | null
  /** From version 1. */
  readonly ownedPartitions: readonly TopicPartition[]
  /** The generation in which it owned them, from version 2; −1 for none. */
  readonly generationId: number
  /** From version 3. */
  readonly rackId: string | null
}

/** What the leader answers to a member: `ConsumerProtocolAssignment` of Java. */
export interface ConsumerAssignment {
  readonly partitions: readonly TopicPartition[]
  readonly userData: Buffer | null
}

const NOTHING_MORE: Omit<ConsumerSubscription, 'topics'> = {
  userData: null,
  ownedPartitions: [],
  generationId: -1,
  rackId: null,
}

export function encodeSubscription(subscription: ConsumerSubscription): Buffer {
  const writer = new WireWriter()
  writer.int16(SUBSCRIPTION_VERSION)
  writer.int32(subscription.topics.length)
  for (const topic of subscription.topics.toSorted()) writer.nullableString(topic)
  writer.nullableBytes(subscription.userData)
  writeTopicPartitions(writer, subscription.ownedPartitions)
  writer.int32(subscription.generationId)
  writer.nullableString(subscription.rackId)
  return writer.bytes
}

/**
 * Reads a subscription of any version. What follows the topics counts as a whole or not at all: a member whose claims
 * cannot be read owns nothing, and still gets partitions.
 * @throws InternalFault when not even the topics can be read
 */
export function decodeSubscription(bytes: Buffer): ConsumerSubscription {
  const reader = new WireReader(bytes, 'subscription')
  const version = readVersion(reader)
  const topics: string[] = []
  for (let count = reader.count('topics', 2); count > 0; count -= 1) topics.push(reader.string('topics'))
  try {
    return { topics, ...readRest(reader, version) }
  } catch (error) {
    if (error instanceof InternalFault) return { topics, ...NOTHING_MORE }
    throw error
  }
}

function readRest(reader: WireReader, version: number): Omit<ConsumerSubscription, 'topics'> {
  return {
    userData: reader.nullableBytes('userData'),
    ownedPartitions: version < 1 ? [] : readTopicPartitions(reader, 'ownedPartitions'),
    generationId: version < 2 ? -1 : reader.int32('generationId'),
    rackId: version < 3 ? null : reader.nullableString('rackId'),
  }
}

export function encodeAssignment({ partitions, userData }: ConsumerAssignment): Buffer {
  const writer = new WireWriter()
  writer.int16(ASSIGNMENT_VERSION)
  writeTopicPartitions(writer, partitions)
  writer.nullableBytes(userData)
  return writer.bytes
}

/**
 * Reads an assignment of any version; no bytes at all are an assignment of nothing.
 * @throws InternalFault when it cannot be read
 */
export function decodeAssignment(bytes: Buffer): ConsumerAssignment {
  if (bytes.length === 0) return { partitions: [], userData: null }
  const reader = new WireReader(bytes, 'assignment')
  readVersion(reader)
  return { partitions: readTopicPartitions(reader, 'partitions'), userData: reader.nullableBytes('userData') }
}

function readVersion(reader: WireReader): number {
  const version = reader.int16('version')
  if (version < 0) throw new InternalFault('HF_PROTOCOL', `consumer protocol: there is no version ${version}`)
  return version
}
