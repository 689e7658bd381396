import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import { partitionName, type TopicPartition } from '../model/topic-partition.ts'
import { lastOffsetOf, type Undecodable, type UndecodableKind } from '../model/undecodable.ts'

const SINCE_WHEN: Readonly<Record<UndecodableKind, string>> = {
  damaged: '; it may have been damaged since it was written',
  written: '; it was written like that',
  unsupported: '',
}

/** Offsets that cannot be decoded, with the reason. */
export function undecodableError(found: Undecodable, partition: TopicPartition): HoldfastError {
  return errorOf(`${rangeOf(found, partition)} cannot be decoded: ${reasonOf(found)}.`, found, partition)
}

/** The failure policy says that the partition stops there. */
export function haltedError(found: Undecodable, partition: TopicPartition): HoldfastError {
  const { firstOffset, nextOffset } = found
  return errorOf(
    `${partitionName(partition)} halted at ${firstOffset}: ${rangeOf(found, partition)} cannot be decoded: ${reasonOf(found)}.\n  Nothing past ${firstOffset} is committed. Fix: set deadLetterTopic, so that these offsets are noted there and passed, or correct what the reason names, or commit ${nextOffset} for the group by hand; then restart the consumer.`,
    found,
    partition,
  )
}

/** Where it ends cannot be read either: nobody can say where the next record begins. */
export function endlessError(found: Undecodable, partition: TopicPartition): HoldfastError {
  const { firstOffset } = found
  return errorOf(
    `${partitionName(partition)} halted at ${firstOffset}: neither what stands there can be decoded nor where it ends: ${reasonOf(found)}.\n  Nothing past ${firstOffset} is committed. Fix: look at the log on its brokers, commit an offset past the damage for the group by hand, then restart the consumer.`,
    found,
    partition,
  )
}

/** Others can decode it: it is not passed, whatever the failure policy. */
export function unsupportedError(found: Undecodable, partition: TopicPartition): HoldfastError {
  const { firstOffset } = found
  return errorOf(
    `${partitionName(partition)} halted at ${firstOffset}: this process cannot decode ${rangeOf(found, partition)}: ${reasonOf(found)}.\n  Nothing past ${firstOffset} is committed. Fix: correct what the reason names, then restart the consumer.`,
    found,
    partition,
  )
}

/** The dead-letter topic did not take the note. */
export function noteFailedError(
  cause: unknown,
  deadLetterTopic: string,
  found: Undecodable,
  { topic, partition }: TopicPartition,
): HoldfastError {
  return new HoldfastError(
    'HF_DEAD_LETTER_FAILED',
    `${rangeOf(found, { topic, partition })} cannot be decoded, and the dead-letter topic ${deadLetterTopic} does not take a note of it (${describeError(cause)}).\n  Nothing past it is fetched or committed, and the note is written again after a pause. Fix: create ${deadLetterTopic}, or allow writing to it.`,
    { cause, details: { topic, partition, offset: found.firstOffset, deadLetterTopic } },
  )
}

function reasonOf({ reason, kind }: Undecodable): string {
  return `${reason.message}${SINCE_WHEN[kind]}`
}

function rangeOf(found: Undecodable, partition: TopicPartition): string {
  const last = lastOffsetOf(found)
  const to = last === undefined ? ' and on' : last === found.firstOffset ? '' : ` to ${last}`
  return `${partitionName(partition)}@${found.firstOffset}${to}`
}

function errorOf(message: string, found: Undecodable, { topic, partition }: TopicPartition): HoldfastError {
  const details = { topic, partition, offset: found.firstOffset, lastOffset: lastOffsetOf(found) }
  return new HoldfastError('HF_UNDECODABLE', message, { cause: found.reason, details })
}
