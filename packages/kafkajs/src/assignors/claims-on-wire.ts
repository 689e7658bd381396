import type { TopicPartition } from '@holdfast/core'
import { InternalFault } from '../internals/fault.ts'
import type { ConsumerSubscription } from './consumer-protocol.ts'
import { readTopicPartitions, writeTopicPartitions } from './topic-partitions.ts'
import { WireReader, WireWriter } from './wire.ts'

/** What a member says it owned, and in which generation; −1 for none. */
export interface Claim {
  readonly owned: readonly TopicPartition[]
  readonly generationId: number
}

export const NO_CLAIM: Claim = { owned: [], generationId: -1 }

/** Java's `sticky` tells all in its user data, and nothing before the first assignment. */
export function writeStickyUserData({ owned, generationId }: Claim): Buffer | null {
  if (generationId < 0) return null
  const writer = new WireWriter()
  writeTopicPartitions(writer, owned)
  writer.int32(generationId)
  return writer.bytes
}

/** Java's `cooperative-sticky` repeats the generation there, for leaders that know no version 2. */
export function writeCooperativeUserData({ generationId }: Claim): Buffer {
  const writer = new WireWriter()
  writer.int32(generationId)
  return writer.bytes
}

/** Java's members of `sticky` claim by user data alone; others by the fields as well. The later of the two counts. */
export function readStickyClaim({ userData, ownedPartitions, generationId }: ConsumerSubscription): Claim {
  const fields = { owned: ownedPartitions, generationId }
  const told = readStickyUserData(userData)
  return told === undefined || generationId > told.generationId ? fields : told
}

export function readCooperativeClaim({ userData, ownedPartitions, generationId }: ConsumerSubscription): Claim {
  if (generationId >= 0 || userData === null || userData.length < 4) return { owned: ownedPartitions, generationId }
  return { owned: ownedPartitions, generationId: userData.readInt32BE() }
}

function readStickyUserData(userData: Buffer | null): Claim | undefined {
  if (userData === null || userData.length === 0) return undefined
  try {
    const reader = new WireReader(userData, 'user data of sticky')
    const owned = readTopicPartitions(reader, 'previous assignment')
    // The generation came with the second version of this, and nothing in it tells the versions apart.
    return { owned, generationId: reader.remaining < 4 ? -1 : reader.int32('generation') }
  } catch (error) {
    if (error instanceof InternalFault) return undefined
    throw error
  }
}
