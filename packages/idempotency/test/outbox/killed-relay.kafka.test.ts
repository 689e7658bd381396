import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type ConsumerRecord, on } from '@holdfast/core'
import { postgres } from '@holdfast/testing'
import { Pool } from 'pg'
import { expect, inject, test } from 'vitest'
import { TestCluster } from '../../../kafkajs/test/support/test-cluster.ts'
import { testConsumer, whileRunning } from '../../../kafkajs/test/support/test-consumer.ts'
import { until } from '../../../kafkajs/test/support/until.ts'
import { migrate } from '../../src/outbox/migrations.ts'
import { type Outbox, outbox } from '../../src/outbox/outbox.ts'
import { OUTBOX_ID_HEADER } from '../../src/outbox/record-rows.ts'
import { message } from '../support/outbox-scene.ts'
import type { RelayMoment, RelaySettings } from '../support/relay-process.ts'

const ENTRY = fileURLToPath(new URL('../support/relay-process.ts', import.meta.url))
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f']
const PER_KEY = 10
const KILLS: readonly RelayMoment[] = ['acknowledged', 'writing', 'acknowledged', 'writing', 'writing', 'acknowledged']

/** Two relays in processes of their own, of which one is killed at a moment of its write, and then replaced. */
class Relays implements AsyncDisposable {
  readonly #settings: RelaySettings
  readonly #processes = new Set<ChildProcess>()
  #due: { readonly moment: RelayMoment; killed(): void } | undefined
  readonly writers = new Set<ChildProcess>()

  constructor(settings: RelaySettings) {
    this.#settings = settings
    this.#start()
    this.#start()
  }

  /** Whichever relay is at this moment next. */
  async kill(moment: RelayMoment): Promise<void> {
    await new Promise<void>((killed) => {
      this.#due = { moment, killed }
    })
    this.#start()
  }

  #start(): void {
    const relay = fork(ENTRY, [JSON.stringify(this.#settings)], {
      execArgv: ['--conditions=source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#processes.add(relay)
    relay.on('message', (moment: RelayMoment) => this.#heard(relay, moment))
  }

  #heard(relay: ChildProcess, moment: RelayMoment): void {
    this.writers.add(relay)
    const due = this.#due
    if (due?.moment === moment) {
      this.#due = undefined
      void this.#end(relay).then(due.killed)
    } else if (moment === 'acknowledged' && relay.connected) relay.send('go on')
  }

  async #end(relay: ChildProcess): Promise<void> {
    this.#processes.delete(relay)
    const exited = once(relay, 'exit')
    relay.kill('SIGKILL')
    await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#processes].map((relay) => this.#end(relay)))
  }
}

/** For each key transactions that follow each other, of one message or two; those of different keys overlap. */
async function enqueueAll({ enqueue }: Outbox, pool: Pool, topic: string, round: number): Promise<void> {
  const transaction = async (key: string, numbers: readonly number[]): Promise<void> => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      await enqueue(
        client,
        numbers.map((number) => message(String(round * PER_KEY + number), { topic, key: Buffer.from(key) })),
      )
      await client.query('commit')
    } finally {
      client.release()
    }
  }
  await Promise.all(
    KEYS.map(async (key) => {
      for (let number = 0; number < PER_KEY; number += 3) {
        await transaction(key, [number])
        if (number + 2 < PER_KEY) await transaction(key, [number + 1, number + 2])
      }
    }),
  )
}

async function readAll(cluster: TestCluster, topic: string): Promise<ConsumerRecord[]> {
  const records: ConsumerRecord[] = []
  const ends = await cluster.logEnds(topic)
  const handler = on(topic, (record: ConsumerRecord) => void records.push(record))
  await whileRunning(testConsumer(cluster.brokers, { groupId: topic, order: 'partition', handlers: [handler] }), () =>
    until(
      'all read',
      () => records.length,
      (count) => count >= ends.reduce((sum, end) => sum + end, 0),
    ),
  )
  return records
}

test('a relay that is killed within its work loses nothing: another goes on, what it repeats has its ids, and keys keep their order', async () => {
  await using server = await postgres({ log: () => undefined })
  await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
  const topic = await cluster.createTopic(3)
  const table = `outbox_${randomUUID().replaceAll('-', '')}`
  const pool = new Pool({ connectionString: server.url, max: KEYS.length })
  await migrate(pool, table)
  const box = outbox(pool, { table })
  {
    await using relays = new Relays({ brokers: cluster.brokers, databaseUrl: server.url, table })
    for (const [round, moment] of KILLS.entries())
      await Promise.all([relays.kill(moment), enqueueAll(box, pool, topic, round)])
    await until(
      'an empty outbox',
      async () => (await pool.query(`select count(*)::int as n from ${table}`)).rows[0].n,
      (left) => left === 0,
    )
    expect(relays.writers.size).toBeGreaterThan(KILLS.length)
  }
  const records = await readAll(cluster, topic)
  const all = Array.from({ length: KILLS.length * PER_KEY }, (_, number) => String(number))
  for (const key of KEYS) {
    const values = records.filter((record) => String(record.key) === key).map(({ value }) => String(value))
    // The first of each message.
    expect([...new Set(values)]).toEqual(all)
  }
  const ids = new Set(records.map(({ headers }) => headers.text(OUTBOX_ID_HEADER)))
  expect(ids.size).toBe(KEYS.length * all.length)
  // Each kill between an acknowledgement and the delete repeats what was acknowledged.
  const acknowledged = KILLS.filter((moment) => moment === 'acknowledged').length
  expect(records.length - ids.size).toBeGreaterThanOrEqual(acknowledged)
  await pool.query(`drop table ${table}`)
  await pool.end()
})
