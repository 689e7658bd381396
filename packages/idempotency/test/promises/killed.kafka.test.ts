import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { seededRandom } from '../../../kafkajs/test/support/random.ts'
import { until } from '../../../kafkajs/test/support/until.ts'
import type { WorkerSettings } from '../support/worker-process.ts'
import { Stage } from '../support/workers.ts'

const KILLS = process.env.NIGHTLY === undefined ? 10 : 200
const PER_KILL = 36
const RECORDS = (KILLS + 1) * PER_KILL
// Each kill is a new process; beside others on a busy machine that takes its time.
const TIMEOUT_MS = 60_000 + KILLS * 20_000

/** How often each id has had its effect, after a worker was killed at so many moments that the seed names. */
async function effectsAfterKills(store: WorkerSettings['store'], seed: number): Promise<Map<string, number>> {
  const random = seededRandom(seed)
  await using stage = await Stage.set(inject('kafkaBrokers'), 3, { store })
  await stage.cluster.produceNumbers(stage.topic, RECORDS, 3)
  for (let kill = 0; kill < KILLS; kill += 1) {
    const worker = stage.start('w')
    const target = kill * PER_KILL + Math.ceil(random() * PER_KILL)
    await until(
      'effects',
      () => stage.effects().length,
      (count) => count >= target,
    )
    // The instant within a claim, a handler or a commit is left to chance on purpose: the seed only bounds it.
    await sleep(random() * 10)
    worker.process.send('die')
    await worker.exited
  }
  stage.start('w')
  await stage.untilAllCommitted()
  const counts = new Map<string, number>()
  for (const id of stage.effects()) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

const all = Array.from({ length: RECORDS }, (_, id) => String(id)).sort()
const repeats = (counts: ReadonlyMap<string, number>): string[] =>
  [...counts].filter(([, count]) => count > 1).map(([id]) => id)

test.concurrent.each(['redis', 'postgres'] as const)(
  '%s: killed at seeded moments, every effect is made exactly once',
  async (store) => {
    const counts = await effectsAfterKills(store, 1)
    expect([...counts.keys()].sort()).toEqual(all)
    expect(repeats(counts)).toEqual([])
  },
  TIMEOUT_MS,
)

test.concurrent(
  'without a store the same kills repeat effects, and lose none',
  async () => {
    const counts = await effectsAfterKills('none', 1)
    expect([...counts.keys()].sort()).toEqual(all)
    expect(repeats(counts).length).toBeGreaterThan(0)
  },
  TIMEOUT_MS,
)

test.concurrent.each(['redis', 'postgres'] as const)(
  '%s: a process that dies between an effect and its note makes this effect again, and no other',
  async (store) => {
    await using stage = await Stage.set(inject('kafkaBrokers'), 1, { store })
    await stage.cluster.produceNumbers(stage.topic, 50, 1)
    const worker = stage.start('w', { diesAtEffectOf: '25' })
    await worker.exited
    stage.start('w')
    await stage.untilAllCommitted()
    const effects = stage.effects()
    const again = effects.filter((id, index) => effects.indexOf(id) !== index)
    expect(new Set(effects).size).toBe(50)
    expect(again).toContain('25')
    // Others whose notes were under way at that moment are the only ones beside it.
    expect(stage.unwritten()).toEqual(expect.arrayContaining(again))
  },
  60_000,
)
