import { once } from 'node:events'
import { connect } from 'node:net'
import { until } from '../support/until.ts'
import { int16, int32 } from './raw-batch.ts'

/** Records whose batches no producer of a library would write, sent as they are. */

const PRODUCE = 0
const VERSION = 7
const NOT_LEADER = 6
const ALL_REPLICAS = -1
const TIMEOUT_MS = 30_000
const DEADLINE_MS = 60_000

export interface RawAnswer {
  /** 0 where the broker took it. */
  readonly errorCode: number
  readonly baseOffset: number
}

/** Sends one record set to a partition. A broker may lead it in a moment only. */
export function produceRaw(broker: string, topic: string, partition: number, set: Buffer): Promise<RawAnswer> {
  return until(
    `an answer to a record set for ${topic}/${partition}`,
    () => send(broker, topic, partition, set),
    ({ errorCode }) => errorCode !== NOT_LEADER,
  )
}

async function send(broker: string, topic: string, partition: number, set: Buffer): Promise<RawAnswer> {
  const body = Buffer.concat([
    int16(-1),
    int16(ALL_REPLICAS),
    int32(TIMEOUT_MS),
    int32(1),
    text(topic),
    int32(1),
    int32(partition),
    int32(set.length),
    set,
  ])
  const request = Buffer.concat([int16(PRODUCE), int16(VERSION), int32(1), text('raw'), body])
  const answer = await exchange(broker, Buffer.concat([int32(request.length), request]))
  // Behind the correlation id and one topic of one partition.
  const at = 4 + 4 + 2 + Buffer.byteLength(topic) + 4 + 4
  return { errorCode: answer.readInt16BE(at), baseOffset: Number(answer.readBigInt64BE(at + 2)) }
}

async function exchange(broker: string, request: Buffer): Promise<Buffer> {
  const colon = broker.lastIndexOf(':')
  const socket = connect(Number(broker.slice(colon + 1)), broker.slice(0, colon))
  socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error('the broker does not answer')))
  try {
    await once(socket, 'connect')
    socket.write(request)
    let received = Buffer.alloc(0)
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer])
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) return received.subarray(4)
    }
    throw new Error('the broker closed the connection')
  } finally {
    socket.destroy()
  }
}

function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
}
