import { expect, inject, test } from 'vitest'
import { Stage } from '../support/workers.ts'

test.each(['redis', 'postgres'] as const)(
  '%s: who stood still beyond its lease is refused by its token, told, and settles what the other did',
  async (store) => {
    await using stage = await Stage.set(inject('kafkaBrokers'), 2, {
      store,
      isFenced: true,
      leaseMs: 500,
      handlerMs: 1,
      slowMs: 1_500,
    })
    await using table = await fencedTable(stage)
    const { cluster, topic } = stage
    const frozen = stage.start('a', { slow: ['x'] })
    const other = stage.start('b')
    await Promise.all(
      [frozen, other].map((worker) =>
        worker.until('a partition', (told) => told.some(({ joined }) => joined?.length === 1)),
      ),
    )
    const mine = frozen.told.findLast(({ joined }) => joined !== undefined)?.joined?.[0] as number
    await cluster.produce(topic, [{ partition: mine, value: 'x' }])
    await frozen.until('the handler', (told) => told.some(({ begun }) => begun === 'x'))
    frozen.process.kill('SIGSTOP')
    await cluster.produce(topic, [{ partition: 1 - mine, value: 'x' }])
    await other.until('the effect', (told) => told.some(({ effect }) => effect?.isMade === true))
    frozen.process.kill('SIGCONT')
    await frozen.until('the refusal', (told) => told.some(({ effect }) => effect?.isMade === false))
    await frozen.until('the loss', (told) => told.some(({ failed }) => failed === 'HF_CLAIM_LOST'))
    await stage.untilAllCommitted()
    const rows = await table.effects()
    expect(rows).toEqual([{ worker: `${topic}-b` }])
    expect(frozen.told.filter(({ begun }) => begun === 'x')).toHaveLength(1)
  },
)

/** Takes effects, and refuses those whose token is lower than one it has seen. */
async function fencedTable({ pool, settings: { table } }: Stage) {
  await pool.query(`create table ${table}_fences (id text primary key, token bigint)`)
  await pool.query(`create table ${table}_effects (id text, worker text)`)
  return {
    effects: async () => (await pool.query(`select worker from ${table}_effects`)).rows,
    [Symbol.asyncDispose]: async () => void (await pool.query(`drop table ${table}_fences, ${table}_effects`)),
  }
}
