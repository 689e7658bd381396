import { parentPort, workerData } from 'node:worker_threads'
import { hardenKafkajs } from '../../packages/kafkajs/src/internals/harden.ts'
import { complaintOf } from './read-case.ts'

/** What the thread that reads cases is given. */
export interface Assignment {
  readonly seed: number
  /** The first case, and one past the last. */
  readonly from: number
  readonly until: number
  readonly endMs: number
  /** The case that is being read, for who watches. */
  readonly current: Int32Array
}

export interface Report {
  readonly cases: number
  readonly complaint: { readonly index: number; readonly text: string } | undefined
}

async function main({ seed, from, until, endMs, current }: Assignment): Promise<Report> {
  hardenKafkajs()
  let index = from
  for (; index < until && Date.now() < endMs; index += 1) {
    current[0] = index
    const text = await complaintOf(seed, index)
    if (text !== undefined) return { cases: index - from + 1, complaint: { index, text } }
  }
  return { cases: index - from, complaint: undefined }
}

parentPort?.postMessage(await main(workerData as Assignment))
