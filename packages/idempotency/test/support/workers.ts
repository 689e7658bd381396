import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { postgres, redis, type TestServer } from '@holdfast/testing'
import { Pool } from 'pg'
import { TestCluster } from '../../../kafkajs/test/support/test-cluster.ts'
import { until } from '../../../kafkajs/test/support/until.ts'
import { migrate } from '../../src/postgres/migrations.ts'
import type { WorkerSettings } from './worker-process.ts'

const ENTRY = fileURLToPath(new URL('./worker-process.ts', import.meta.url))

export interface WorkerMessage {
  readonly joined?: readonly number[]
  /** The sum of the positions at which its partitions begin. */
  readonly from?: number
  readonly begun?: string
  readonly failed?: string
  readonly effect?: { readonly id: string; readonly isMade: boolean }
}

/** A consumer in a process of its own, to be killed or frozen. */
export class Worker {
  readonly told: WorkerMessage[] = []
  readonly process: ChildProcess
  readonly exited: Promise<unknown>

  constructor(settings: WorkerSettings) {
    this.process = fork(ENTRY, [JSON.stringify(settings)], {
      execArgv: ['--conditions=source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.process.on('message', (message: WorkerMessage) => void this.told.push(message))
    this.exited = once(this.process, 'exit')
  }

  async until(what: string, holds: (told: readonly WorkerMessage[]) => boolean): Promise<void> {
    await until(what, () => this.told, holds)
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.process.kill(signal)
    await this.exited
  }
}

/** A topic, a group and servers that workers share, and the effects that they made. */
export class Stage implements AsyncDisposable {
  readonly cluster: TestCluster
  readonly topic: string
  readonly pool: Pool
  readonly settings: Omit<WorkerSettings, 'name'>
  readonly #workers: Worker[] = []
  readonly #folder: string
  readonly #servers: readonly TestServer[]

  private constructor(
    cluster: TestCluster,
    topic: string,
    folder: string,
    servers: readonly [TestServer, TestServer],
    settings: Partial<WorkerSettings>,
  ) {
    const [redisServer, postgresServer] = servers
    this.cluster = cluster
    this.topic = topic
    this.#folder = folder
    this.#servers = servers
    this.pool = new Pool({ connectionString: postgresServer.url, max: 2 })
    this.settings = {
      brokers: cluster.brokers,
      topic,
      groupId: topic,
      effects: join(folder, 'effects'),
      unwritten: join(folder, 'unwritten'),
      store: 'none',
      redisUrl: redisServer.url,
      databaseUrl: postgresServer.url,
      table: `once_${randomUUID().replaceAll('-', '')}`,
      leaseMs: 400,
      handlerMs: 3,
      ...settings,
    }
  }

  static async set(brokers: readonly string[], partitions: number, settings: Partial<WorkerSettings>): Promise<Stage> {
    const log = (): void => undefined
    const servers = await Promise.all([redis({ log }), postgres({ log })])
    const cluster = await TestCluster.connect(brokers)
    const topic = await cluster.createTopic(partitions)
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-once-'))
    const stage = new Stage(cluster, topic, folder, servers, settings)
    await migrate(stage.pool, stage.settings.table)
    return stage
  }

  start(name: string, settings: Partial<WorkerSettings> = {}): Worker {
    const worker = new Worker({ ...this.settings, ...settings, name: `${this.topic}-${name}` })
    this.#workers.push(worker)
    return worker
  }

  /** The ids of effects so far. */
  effects(): string[] {
    const { effects } = this.settings
    if (!existsSync(effects)) return []
    const lines = readFileSync(effects, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => line.split(' ')[0] as string)
  }

  /** The ids of effects of which the store may not have known when a process died at one. */
  unwritten(): string[] {
    return readFileSync(this.settings.unwritten, 'utf8').split('\n')
  }

  async untilAllCommitted(): Promise<void> {
    const ends = await this.cluster.logEnds(this.topic)
    const isDone = (offsets: readonly number[]): boolean =>
      ends.every((end, partition) => (offsets[partition] ?? -1) >= end)
    await until('the committed end of the log', () => this.cluster.committed(this.topic, this.topic), isDone)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end('SIGKILL')))
    await this.pool.query(`drop table ${this.settings.table}`)
    await this.pool.end()
    await this.cluster[Symbol.asyncDispose]()
    await Promise.all(this.#servers.map((server) => server.stop()))
    rmSync(this.#folder, { recursive: true })
  }
}
