import { createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { WireWriter } from '../src/assignors/wire.ts'
import { createClient } from '../src/client.ts'
import { resolveKafkajsOptions } from '../src/options.ts'
import { preflight } from '../src/preflight.ts'
import { quietLogger } from './support/quiet-logger.ts'

const METADATA = 3
const LEADER_NOT_AVAILABLE = 5

function answerTo(apiKey: number, correlationId: number, port: number): Buffer {
  const writer = new WireWriter()
  writer.int32(correlationId)
  if (apiKey === METADATA) {
    // One broker, and two topics of one partition each, of which that of `down` has no leader.
    for (const number of [1, 0]) writer.int32(number)
    writer.nullableString('127.0.0.1')
    for (const number of [port, 2]) writer.int32(number)
    for (const [topic, errorCode, leader] of [
      ['t', 0, 0],
      ['down', LEADER_NOT_AVAILABLE, -1],
    ] as const) {
      writer.int16(0)
      writer.nullableString(topic)
      writer.int32(1)
      writer.int16(errorCode)
      for (const number of [0, leader, 0, 0]) writer.int32(number)
    }
  } else {
    // The versions: of API 3 and 18 the first.
    writer.int16(0)
    writer.int32(2)
    for (const key of [METADATA, 18]) for (const number of [key, 0, 0]) writer.int16(number)
    writer.int32(0)
  }
  const head = Buffer.alloc(4)
  head.writeInt32BE(writer.bytes.length)
  return Buffer.concat([head, writer.bytes])
}

/** A broker that answers what a preflight asks; answers its port. */
async function serve(): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (request) =>
      socket.write(answerTo(request.readInt16BE(4), request.readInt32BE(8), socket.localPort as number)),
    )
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as { port: number }).port
}

test('a partition without a leader, of whatever topic, is no reason not to start', async () => {
  const brokers = [`127.0.0.1:${await serve()}`]
  const kafka = createClient(resolveKafkajsOptions({ brokers }), { logger: quietLogger, retry: { retries: 0 } })
  const selected = await preflight({
    kafka,
    brokers,
    topics: ['t'],
    producesTo: [],
    asWideAs: [{ topic: 't', source: 't' }],
    startTimeoutMs: 0,
    logger: quietLogger,
    signal: new AbortController().signal,
  })
  expect(selected).toEqual(['t'])
})
