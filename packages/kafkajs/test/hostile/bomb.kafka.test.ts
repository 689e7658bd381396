import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, inject, test } from 'vitest'
import { varInt } from '../internals/wire.ts'
import { TestCluster } from '../support/test-cluster.ts'
import type { BombReaderSettings, BombReport } from './bomb-reader.ts'
import { rawBatch } from './raw-batch.ts'
import { produceRaw } from './raw-produce.ts'

const ENTRY = fileURLToPath(new URL('./bomb-reader.ts', import.meta.url))
const GIB = 1024 ** 3
const PIECE_BYTES = 16 * 1024 ** 2
const MAX_GROWTH_BYTES = 200 * 1024 ** 2

/** A record of 1 GiB of zeros, in about as many bytes as a topic takes by default: gzip files can be strung together. */
function gibibyteBomb(): Buffer {
  // Attributes, two deltas and no key; then the value; then no headers.
  const head = Buffer.concat([Buffer.from([0, 0, 0, 1]), varInt(GIB)])
  const framed = Buffer.concat([varInt(head.length + GIB + 1), head])
  const piece = gzipSync(Buffer.alloc(PIECE_BYTES))
  const pieces = Array.from({ length: GIB / PIECE_BYTES }, () => piece)
  return rawBatch({
    codec: 1,
    count: 1,
    body: Buffer.concat([gzipSync(framed), ...pieces, gzipSync(Buffer.from([0]))]),
  })
}

test('a bomb of 1 GiB costs less than 200 MiB, and the records around it are handled', async () => {
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const config = { 'max.message.bytes': String(4 * 1024 ** 2) }
  const topic = await cluster.createTopic(1, undefined, config)
  const deadLetterTopic = await cluster.createTopic(1)
  const bomb = gibibyteBomb()
  expect(bomb.length).toBeLessThan(1.1 * 1024 ** 2)
  await cluster.produceNumbers(topic, 1, 1)
  expect((await produceRaw(cluster.brokers[0] as string, topic, 0, bomb)).errorCode).toBe(0)
  await cluster.produceNumbers(topic, 1, 1, 1)
  const settings: BombReaderSettings = { brokers: cluster.brokers, topic, deadLetterTopic, records: 2 }
  const reader = fork(ENTRY, [JSON.stringify(settings)], { execArgv: ['--conditions=source'] })
  const [report] = (await once(reader, 'message', { signal: AbortSignal.timeout(60_000) })) as [BombReport]
  expect(report).toMatchObject({ handled: 2, quarantined: 1 })
  expect(report.grownBytes).toBeLessThan(MAX_GROWTH_BYTES)
  expect(report.longestBlockMs).toBeLessThan(1_000)
})
