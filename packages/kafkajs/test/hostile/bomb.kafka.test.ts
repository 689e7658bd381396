import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, inject, test } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import type { BombReaderSettings, BombReport } from './bomb-reader.ts'
import { produceRaw } from './raw-produce.ts'
import { type ZeroCodec, zeros } from './zeros.ts'

const ENTRY = fileURLToPath(new URL('./bomb-reader.ts', import.meta.url))
const MIB = 1024 ** 2

type Bomb = readonly [codec: ZeroCodec, bytes: number, maxMib: number]

/** How much each is, and in what it fits. What one bomb leaves is still there at the next. */
const CASES: readonly (readonly [what: string, maxGrowthMib: number, bombs: readonly Bomb[]])[] = [
  ['gzip', 200, [['gzip', 1_024, 1.1]]],
  [
    'zstd, lz4 and snappy, one after another,',
    384,
    [
      ['zstd', 512, 0.1],
      ['lz4', 512, 2.3],
      ['snappy', 256, 13],
    ],
  ],
]

test.each(CASES)(
  'bombs of %s cost less than %i MiB, and the records around them are handled',
  async (_, mib, bombs) => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1, undefined, { 'max.message.bytes': String(16 * MIB) })
    const deadLetterTopic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 1, 1)
    for (const [codec, bytes, maxMib] of bombs) {
      const bomb = zeros(codec, bytes * MIB)
      expect(bomb.length).toBeLessThan(maxMib * MIB)
      expect((await produceRaw(cluster.brokers[0] as string, topic, 0, bomb)).errorCode).toBe(0)
    }
    await cluster.produceNumbers(topic, 1, 1, 1)
    const settings: BombReaderSettings = { brokers: cluster.brokers, topic, deadLetterTopic, records: 2 }
    const reader = fork(ENTRY, [JSON.stringify(settings)], { execArgv: ['--conditions=source'] })
    const [report] = (await once(reader, 'message', { signal: AbortSignal.timeout(60_000) })) as [BombReport]
    expect(report).toMatchObject({ handled: 2, quarantined: bombs.length })
    expect(report.grownBytes).toBeLessThan(mib * MIB)
    expect(report.longestBlockMs).toBeLessThan(1_000)
  },
)
