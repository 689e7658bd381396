import { Random, seedOf } from 'holdfast-chaos/random'
import { KafkajsRecords } from '../../packages/kafkajs/src/fetch/record.ts'
import { newBudget } from '../../packages/kafkajs/src/internals/decode/budget.ts'
import { decodeFetchResponse } from '../../packages/kafkajs/src/internals/decode/fetch-response.ts'
import { type Asked, type DecodedSet, decodeRecordSet } from '../../packages/kafkajs/src/internals/decode/record-set.ts'
import type { KafkaMessage } from '../../packages/kafkajs/src/internals/kafkajs.ts'
import { int16, int32, int64 } from '../../packages/kafkajs/test/hostile/raw-batch.ts'
import { damaged } from './damage.ts'
import { type Log, logFrom } from './log.ts'

/** What is under test; a test of the fuzzer gives another one. */
export type ReadSet = (set: Buffer, asked: Asked) => Promise<DecodedSet>

const MAX_INFLATED_BYTES = 16 * 1024 * 1024
const MAX_BYTES = 1024 * 1024
const RESPONSE_SHARE = 0.1

const readSet: ReadSet = (set, asked) => decodeRecordSet(set, asked, newBudget(MAX_INFLATED_BYTES))

class Complaint extends Error {}

/** What is wrong with how a case is read; undefined where nothing is. */
export async function complaintOf(seed: number, index: number, read: ReadSet = readSet): Promise<string | undefined> {
  const random = new Random(seedOf(seed, `case ${index}`))
  try {
    if (random.next() < RESPONSE_SHARE) await readResponse(random)
    else await readAsConsumer(logFrom(random), random, read)
    return undefined
  } catch (error) {
    return error instanceof Complaint ? error.message : `threw ${(error as Error).stack}`
  }
}

/** Reads on as a consumer does, and compares with what was written. */
async function readAsConsumer(log: Log, random: Random, read: ReadSet): Promise<void> {
  const first = log.written[0]?.offset ?? 0
  const start = first + (random.next() < 0.5 ? 0 : random.below(10))
  const delivered = new Map<number, string | null>()
  let position: number | undefined = start
  while (position !== undefined && position < log.end) {
    const set = await read(log.set, { position, maxBytes: MAX_BYTES, logEnd: log.logEnd })
    position = nextOf(set, position, delivered)
  }
  for (const { offset, value } of log.written) {
    if (offset < start || offset >= log.wholeUntil) continue
    if (!delivered.has(offset)) throw new Complaint(`${offset} was not damaged, and is missing`)
    if (delivered.get(offset) !== value) throw new Complaint(`${offset} was not damaged, and is another one`)
  }
}

/** Where it goes on after a fetch; undefined where it ends or halts. */
function nextOf(set: DecodedSet, position: number, delivered: Map<number, string | null>): number | undefined {
  const { messages, endOffset, undecodable } = set
  if (undecodable !== undefined) {
    const { firstOffset, nextOffset } = undecodable
    if (messages.length > 0) throw new Complaint('undecodable beside records')
    if (firstOffset < position) throw new Complaint(`undecodable at ${firstOffset}, before ${position}`)
    if (nextOffset === undefined) return undefined
    if (!Number.isSafeInteger(nextOffset) || nextOffset <= firstOffset)
      throw new Complaint(`undecodable from ${firstOffset} until ${nextOffset}`)
    return nextOffset
  }
  const records = new KafkajsRecords('t', 0, messages as unknown as readonly KafkaMessage[])
  let least = position
  for (let index = 0; index < records.length; index += 1) {
    const { offset, value, key, headers, timestamp } = records.at(index)
    if (!Number.isSafeInteger(offset) || offset < least) throw new Complaint(`${offset} where ${least} was the least`)
    if (key !== null && !Buffer.isBuffer(key)) throw new Complaint(`the key of ${offset} is no bytes`)
    if ([...headers].some(([name]) => typeof name !== 'string') || typeof timestamp !== 'number')
      throw new Complaint(`the headers or the time of ${offset} are none`)
    delivered.set(offset, value === null ? null : value.toString())
    least = offset + 1
  }
  if (records.length > 0) return least
  if (endOffset !== undefined && endOffset > position) return endOffset
  throw new Complaint(`says nothing of what stands at ${position}, and would be asked again at once`)
}

/** A whole response, damaged anywhere: it is read, or it is none. */
async function readResponse(random: Random): Promise<void> {
  const version = 4 + random.below(8)
  const { set } = logFrom(random)
  const partitions = Array.from({ length: 1 + random.below(3) }, (_, partition) =>
    Buffer.concat([
      int32(partition),
      int16(0),
      int64(9),
      int64(9),
      ...(version >= 5 ? [int64(0)] : []),
      int32(-1),
      ...(version >= 11 ? [int32(-1)] : []),
      int32(set.length),
      set,
    ]),
  )
  const head = version >= 7 ? [int32(0), int16(0), int32(0)] : [int32(0)]
  const raw = Buffer.concat([...head, int32(1), int16(1), Buffer.from('t'), int32(partitions.length), ...partitions])
  const asked = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: '0', maxBytes: MAX_BYTES }] }]
  const options = { maxInflatedBytes: MAX_INFLATED_BYTES, checkCrcs: random.next() < 0.5 }
  try {
    await decodeFetchResponse(damaged(raw, random), version, asked, options)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
}
