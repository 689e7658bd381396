import type { FetchResponse } from '../internals/cluster.ts'

type Partition = FetchResponse['responses'][number]['partitions'][number]
type Message = Partition['messages'][number]

/** The type of a control record, behind its version. */
const TYPE_AT = 2
const ABORT = 0

/**
 * Hides the records of aborted transactions in a response. kafkajs's own filter lets some through: it begins one aborted
 * transaction at most with each record, takes them in the order in which they ended, and takes a record with a key of four
 * zero bytes for the end of one. Hidden records count as control records, which kafkajs passes over and does not hand on.
 */
export function hideAborted({ responses }: FetchResponse): void {
  for (const { partitions } of responses) for (const partition of partitions) hideIn(partition)
}

function hideIn(partition: Partition): void {
  const { abortedTransactions, messages } = partition
  if (abortedTransactions === undefined || abortedTransactions.length === 0) return
  const coming = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
    .toSorted((a, b) => b.firstOffset - a.firstOffset)
  const aborted = new Set<string>()
  for (const message of messages) {
    const offset = Number(message.offset)
    for (let next = coming.at(-1); next !== undefined && next.firstOffset <= offset; next = coming.at(-1)) {
      aborted.add(next.producerId)
      coming.pop()
    }
    const { producerId = '', inTransaction = false } = message.batchContext ?? {}
    if (message.isControlRecord === true) {
      if (isAbortMarker(message)) aborted.delete(producerId)
    } else if (inTransaction && aborted.has(producerId)) {
      message.isControlRecord = true
    }
  }
  partition.abortedTransactions = []
}

function isAbortMarker({ key }: Message): boolean {
  return key !== undefined && key !== null && key.length > TYPE_AT && key.readInt16BE(TYPE_AT) === ABORT
}
