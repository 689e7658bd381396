import { type CommitRequest, HoldfastError } from '@holdfast/core'

export function startAborted(): HoldfastError {
  return new HoldfastError('HF_ABORTED', 'the start was given up.')
}

export function commitFenced({ topic, partition, offset, epoch }: CommitRequest): HoldfastError {
  return new HoldfastError(
    'HF_COMMIT_FENCED',
    `the commit of ${topic}/${partition}@${offset} came after epoch ${epoch} had ended.`,
    {
      details: { topic, partition, offset, epoch },
    },
  )
}

export function commitUnknown({ topic, partition, offset, epoch }: CommitRequest): HoldfastError {
  return new HoldfastError('HF_COMMIT_UNKNOWN', `the commit of ${topic}/${partition}@${offset} got no answer.`, {
    details: { topic, partition, offset, epoch },
  })
}
