import { type Budget, newBudget } from './budget.ts'
import { Bytes } from './bytes.ts'
import { type Asked, type DecodedSet, decodeRecordSet } from './record-set.ts'

/** From this version on records are batches of format 2, and responses are read here. */
export const FIRST_VERSION = 4
const SMALLEST_TOPIC_BYTES = 6
const SMALLEST_PARTITION_BYTES = 34
const ABORTED_BYTES = 16

/** What was asked for of each partition. */
export interface AskedTopic {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly fetchOffset: string
    readonly maxBytes: number
  }[]
}

export interface DecodeOptions {
  /** The most that the batches of one response inflate to, but for the first. */
  readonly maxInflatedBytes: number
  readonly checkCrcs: boolean
}

interface PartitionHead {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: string
}

/** A fetch response as kafkajs makes it, but for what cannot be decoded: that is told of its partition alone. */
export interface DecodedFetch {
  readonly throttleTime: number
  readonly clientSideThrottleTime?: number
  readonly responses: readonly {
    readonly topicName: string
    readonly partitions: readonly (PartitionHead & DecodedSet)[]
  }[]
}

/** @throws where the response itself, around its record sets, is no fetch response: kafkajs asks again then */
export async function decodeFetchResponse(
  raw: Buffer,
  version: number,
  asked: readonly AskedTopic[],
  { maxInflatedBytes, checkCrcs }: DecodeOptions,
): Promise<DecodedFetch> {
  const bytes = new Bytes(raw)
  const throttleTime = bytes.int32()
  if (version >= 7) bytes.take(6, 'an error and a session')
  const framed = bytes.array('topics', SMALLEST_TOPIC_BYTES, () => {
    const topicName = bytes.string()
    const partitions = bytes.array('partitions', SMALLEST_PARTITION_BYTES, () => readPartition(bytes, version))
    return { topicName, partitions }
  })
  const budget = newBudget(maxInflatedBytes)
  const responses: DecodedFetch['responses'][number][] = []
  for (const { topicName, partitions } of framed) {
    const decoded: (PartitionHead & DecodedSet)[] = []
    for (const { head, set } of partitions)
      decoded.push({ ...head, ...(await decodeSet(set, { ...askedOf(asked, topicName, head), checkCrcs }, budget)) })
    responses.push({ topicName, partitions: decoded })
  }
  // From version 8 on it is the client that waits; kafkajs takes the name of the field for the sign of that.
  return version >= 8
    ? { throttleTime: 0, clientSideThrottleTime: throttleTime, responses }
    : { throttleTime, responses }
}

function readPartition(bytes: Bytes, version: number): { readonly head: PartitionHead; readonly set: Buffer } {
  const head = {
    partition: bytes.int32(),
    errorCode: bytes.int16(),
    highWatermark: String(bytes.int64()),
    lastStableOffset: String(bytes.int64()),
    ...(version >= 5 ? { lastStartOffset: String(bytes.int64()) } : {}),
    abortedTransactions: bytes.array('aborted transactions', ABORTED_BYTES, () => ({
      producerId: String(bytes.int64()),
      firstOffset: String(bytes.int64()),
    })),
    ...(version >= 11 ? { preferredReadReplica: bytes.int32() } : {}),
  }
  const setBytes = bytes.int32()
  return { head, set: bytes.take(Math.max(setBytes, 0), 'a record set') }
}

function askedOf(asked: readonly AskedTopic[], topic: string, { partition, highWatermark }: PartitionHead): Asked {
  // kafkajs may name a topic more than once.
  const found = asked
    .filter((each) => each.topic === topic)
    .flatMap(({ partitions }) => partitions)
    .find((each) => each.partition === partition)
  const logEnd = Number(highWatermark)
  return { position: Number(found?.fetchOffset ?? 0), maxBytes: found?.maxBytes ?? 0, logEnd }
}

async function decodeSet(set: Buffer, asked: Asked, budget: Budget): Promise<DecodedSet> {
  return set.length === 0 ? { messages: [] } : decodeRecordSet(set, asked, budget)
}
