import { HoldfastError } from '../errors/holdfast-error.ts'
import { partitionName, type TopicPartition } from '../model/topic-partition.ts'

interface Refusal {
  readonly reason: string
  readonly fix: string
}

type Why = 'no transactions' | 'too late' | 'foreign' | 'shared'

const REFUSALS: Readonly<Record<Why, Refusal>> = {
  'no transactions': {
    reason: 'the consumer has no transactions',
    fix: "set transactions: true with delivery: 'exactly-once', or write with a producer of your own",
  },
  'too late': {
    reason: 'the attempt has ended',
    fix: 'await everything that the handler begins before it returns',
  },
  foreign: {
    reason: 'it names a record that is not in the batch',
    fix: 'name a record that the handler was called with',
  },
  /** Settled apart, a part of the batch would be committed without these outputs, or they without the rest. */
  shared: {
    reason: 'outputs that stand for a whole batch, or for a record that is settled already, belong to no commit',
    fix: 'name the record that each output follows from, context.produce(output, record), before it is settled',
  },
}

/** Why outputs cannot be held for a commit. `first` is the first record of the attempt. */
export function outputRefused(first: TopicPartition & { readonly offset: number }, why: Why): HoldfastError {
  const { topic, partition, offset } = first
  const { reason, fix } = REFUSALS[why]
  return new HoldfastError(
    'HF_OUTPUT_REFUSED',
    `context.produce at ${partitionName(first)}@${offset} was refused: ${reason}.\n  Fix: ${fix}.`,
    { details: { topic, partition, offset } },
  )
}
