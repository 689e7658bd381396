import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, inject, test } from 'vitest'
import { decodeDoneAhead } from '../../../core/src/ledger/done-ahead.ts'
import { seededRandom } from '../support/random.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { until } from '../support/until.ts'
import { readEffects, Worker } from '../support/worker.ts'

const RECORDS = 1_500
const SLOTS = 10
const KILLS = 3
/** Two records never end while workers are killed, so that everything past them is done ahead. */
const STUCK = ['3', '40']

/** The offsets that the group's commit says are done, those below it and those past it. */
async function storedAsDone(cluster: TestCluster, topic: string): Promise<Set<number>> {
  const { offset, metadata } = await cluster.stored(topic, topic)
  const { doneAhead = [] } = decodeDoneAhead(offset, metadata, RECORDS)
  const isAhead = (known: number): boolean =>
    doneAhead.some((from, index) => index % 2 === 0 && known >= from && known < (doneAhead[index + 1] as number))
  return new Set(
    Array.from({ length: RECORDS }, (_, known) => known).filter((known) => known < offset || isAhead(known)),
  )
}

describe('a killed worker leaves behind what it has done past its committed offset', () => {
  test.each(process.env.NIGHTLY === undefined ? [1] : [1, 2, 3])(
    'seed %i: only what no commit named runs again',
    async (seed) => {
      await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
      const random = seededRandom(seed)
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-effects-'))
      const effects = join(folder, 'effects')
      const topic = await cluster.createTopic(1)
      await cluster.produceNumbers(topic, RECORDS, 1)
      const doneNow = (): number[] => readEffects(effects).map(({ offset }) => offset)
      const start = (stuck: readonly string[]): Worker =>
        new Worker({
          brokers: cluster.brokers,
          topic,
          groupId: topic,
          effects,
          delivery: 'at-least-once',
          order: 'key',
          handlerMs: 4,
          stuck,
          options: { concurrency: SLOTS, maxPollRecords: 100 },
        })
      const mayRepeat = new Map<number, number>()
      let pastOffsets = 0
      let worker = start(STUCK)
      try {
        for (let kill = 0; kill < KILLS; kill += 1) {
          const target = doneNow().length + 150 + Math.floor(random() * 200)
          await until('effects', doneNow, (done) => done.length >= target, 20_000)
          // The instant within a handler, a fetch or a commit is left to chance on purpose: the seed only bounds it.
          await sleep(random() * 15)
          await worker.kill()
          const stored = await storedAsDone(cluster, topic)
          const done = new Set(doneNow())
          pastOffsets += [...done].filter((offset) => offset >= Number(STUCK[0])).length
          expect([...stored].filter((offset) => !done.has(offset))).toEqual([])
          expect(stored.size).toBeGreaterThan(100 * (kill + 1))
          for (const offset of done) if (!stored.has(offset)) mayRepeat.set(offset, (mayRepeat.get(offset) ?? 0) + 1)
          worker = start(kill + 1 < KILLS ? STUCK : [])
        }
        await until(
          'the committed end of the log',
          () => cluster.committed(topic, topic),
          ([offset]) => offset === RECORDS,
        )
        const times = new Map<number, number>()
        for (const offset of doneNow()) times.set(offset, (times.get(offset) ?? 0) + 1)
        expect(times.size).toBe(RECORDS)
        // A repeat is a record that had ended and was named by no commit: it had ended since the last one.
        for (const [offset, count] of times)
          expect(count - 1, `${offset}`).toBeLessThanOrEqual(mayRepeat.get(offset) ?? 0)
        // Without the map everything past the committed offset would have run again at each kill.
        expect(doneNow().length - RECORDS).toBeLessThan(pastOffsets / 3)
      } finally {
        await worker.kill()
        rmSync(folder, { recursive: true })
      }
    },
  )
})
