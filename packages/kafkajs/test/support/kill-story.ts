import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from './random.ts'
import { TestCluster } from './test-cluster.ts'
import { until } from './until.ts'
import { type Effect, readEffects, Worker } from './worker.ts'
import type { WorkerSettings } from './worker-process.ts'

export interface KillStory {
  readonly effects: readonly Effect[]
  readonly committed: readonly number[]
  readonly logEnds: readonly number[]
  readonly killed: number
}

const PARTITIONS = 3
export const RECORDS = 600
/** What a killed worker takes with it at most: with at-most-once these never come. */
const MOST_IN_FLIGHT = 60

/**
 * Two workers on one topic; three times, at a moment that the seed names, one of them is killed with SIGKILL and
 * replaced. Ends when the group has committed the whole log.
 */
export async function tellKillStory(
  brokers: readonly string[],
  seed: number,
  settings: Pick<WorkerSettings, 'delivery' | 'handlerMs' | 'order'>,
): Promise<KillStory> {
  await using cluster = await TestCluster.connect(brokers)
  const random = seededRandom(seed)
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-effects-'))
  const effects = join(folder, 'effects')
  const topic = await cluster.createTopic(PARTITIONS)
  await cluster.produceNumbers(topic, RECORDS, PARTITIONS)
  const start = (): Worker => new Worker({ brokers, topic, groupId: topic, effects, ...settings })
  const workers = [start(), start()]
  let killed = 0
  try {
    await Promise.all(workers.map((worker) => worker.joined()))
    for (; killed < 3; killed += 1) {
      const target = readEffects(effects).length + Math.floor(random() * 60)
      await until(
        'effects',
        () => readEffects(effects).length,
        (count) => count >= Math.min(target, RECORDS - (killed + 1) * MOST_IN_FLIGHT),
        20_000,
      )
      // The instant within a handler, a fetch or a commit is left to chance on purpose: the seed only bounds it.
      await sleep(random() * 15)
      const victim = Math.floor(random() * 2)
      await workers[victim]?.kill()
      workers[victim] = start()
    }
    const logEnds = await cluster.logEnds(topic)
    const committed = await until(
      'the committed end of the log',
      () => cluster.committed(topic, topic),
      (offsets) => offsets.every((offset, partition) => offset === logEnds[partition]),
    )
    return { effects: readEffects(effects), committed, logEnds, killed }
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
    rmSync(folder, { recursive: true })
  }
}
