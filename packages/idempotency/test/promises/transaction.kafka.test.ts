import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { seededRandom } from '../../../kafkajs/test/support/random.ts'
import { until } from '../../../kafkajs/test/support/until.ts'
import { migrateProgress } from '../../src/transaction/tables.ts'
import { Stage } from '../support/workers.ts'

const KILLS = process.env.NIGHTLY === undefined ? 10 : 200
const PER_KILL = 36
const RECORDS = (KILLS + 1) * PER_KILL
const all = Array.from({ length: RECORDS }, (_, id) => String(id)).sort()

test(
  'offsets in the transaction: killed at any moment, every effect is made exactly once, and starts come from the database',
  async () => {
    const random = seededRandom(1)
    await using stage = await Stage.set(inject('kafkaBrokers'), 3, { store: 'transaction' })
    const { table } = stage.settings
    await migrateProgress(stage.pool, `${table}_progress`)
    await stage.pool.query(`create table ${table}_effects (id text, worker text)`)
    const effects = async (): Promise<string[]> =>
      (await stage.pool.query(`select id from ${table}_effects`)).rows.map(({ id }) => String(id))
    await stage.cluster.produceNumbers(stage.topic, RECORDS, 3)
    for (let kill = 0; kill < KILLS; kill += 1) {
      const worker = stage.start('w')
      const target = kill * PER_KILL + Math.ceil(random() * PER_KILL)
      await until('effects', effects, (made) => made.length >= target)
      // The instant within a transaction is left to chance on purpose: the seed only bounds it.
      await sleep(random() * 10)
      await worker.end('SIGKILL')
    }
    const last = stage.start('w')
    await stage.untilAllCommitted()
    await last.end('SIGTERM')
    expect((await effects()).sort()).toEqual(all)

    // The group forgets its offsets: a consumer that believed it would begin anew.
    const forget = (): Promise<boolean> =>
      stage.cluster.admin.deleteGroups([stage.topic]).then(
        () => true,
        () => false,
      )
    await until('the end of the last membership', forget, (isGone) => isGone)
    const anew = stage.start('w')
    await anew.until('a new assignment', (told) => told.some(({ joined }) => joined?.length === 3))
    const [{ from } = {}] = anew.told.filter(({ joined }) => joined?.length === 3)
    // What was committed last may not have reached the database before the process ended; those records are known one by one.
    expect(from).toBeGreaterThan(RECORDS / 2)
    await stage.cluster.produceNumbers(stage.topic, 3, 3)
    await until('the new effects', effects, (made) => made.length >= RECORDS + 3)
    await anew.end('SIGTERM')
    const begun = anew.told.flatMap(({ begun }) => begun ?? [])
    expect(begun).toHaveLength(3)
    await stage.pool.query(`drop table ${table}_effects, ${table}_progress, ${table}_progress_done`)
  },
  // Each kill is a new process; beside others on a busy machine that takes its time.
  60_000 + KILLS * 20_000,
)
