import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultName } from '../history/entry.ts'
import type { Journal } from '../history/journal.ts'
import type { PlannedFault } from '../plan/draw-plan.ts'
import type { WorkerSettings } from '../worker/settings.ts'
import { WorkerProcess } from './worker-process.ts'

/** Handlers, a last commit and a group in the middle of a rebalance have so long to let a worker go. */
const EXIT_LIMIT_MS = 60_000

export type FleetSettings = Omit<WorkerSettings, 'name' | 'role' | 'journal'>

/** The workers of a story by their roles, and what is done to them. */
export class Fleet {
  readonly #settings: FleetSettings
  readonly #folder: string
  readonly #journal: Journal
  readonly #workers = new Map<string, WorkerProcess>()
  readonly #starts = new Map<string, number>()
  readonly #frozen = new Set<WorkerProcess>()
  readonly #visiting = new Set<string>()
  /** What faults have set going: restarts, thaws, goodbyes. */
  readonly #pending = new Set<Promise<unknown>>()

  constructor(settings: FleetSettings, folder: string, journal: Journal) {
    this.#settings = settings
    this.#folder = folder
    this.#journal = journal
  }

  /** Starts the process of a role; it is not a member yet. */
  start(role: string): WorkerProcess {
    const starts = (this.#starts.get(role) ?? 0) + 1
    this.#starts.set(role, starts)
    const name = starts === 1 ? role : `${role}.${starts}`
    const settings = { ...this.#settings, name, role, journal: join(this.#folder, `${name}.jsonl`) }
    const worker = new WorkerProcess(settings, this.#journal)
    this.#workers.set(role, worker)
    return worker
  }

  /** Starts workers and waits until each has an assignment. */
  async gather(roles: readonly string[]): Promise<void> {
    await Promise.all(
      roles.map(async (role) => {
        const worker = this.start(role)
        await worker.obey('join')
        await worker.joined
      }),
    )
  }

  async measure(roles: readonly string[]): Promise<void> {
    await Promise.all(roles.map((role) => this.#workers.get(role)?.obey('measure')))
  }

  strike(planned: PlannedFault): void {
    if (planned.fault === 'visit') this.#visit(planned.target, planned.goodbye)
    if (planned.fault === 'kill') this.#follow(this.#kill(planned.target, planned.restartMs))
    if (planned.fault === 'replace') this.#follow(this.#replace(planned.target, planned.downMs))
    if (planned.fault === 'freeze') this.#follow(this.#freeze(planned.target, planned.forMs))
  }

  /** Waits until every fault has run its course. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  /** Lets all leave; those that do not are killed, which the history shows. */
  async dismiss(): Promise<void> {
    const workers = [...this.#workers.values()]
    for (const worker of workers) worker.obey('exit').catch(() => undefined)
    const gone = Promise.all(workers.map(({ exited }) => exited))
    await Promise.race([gone, sleep(EXIT_LIMIT_MS, undefined, { ref: false })])
    await this.abandon()
  }

  /** Ends whatever still runs, frozen or not. */
  async abandon(): Promise<void> {
    const workers = [...this.#workers.values()]
    for (const worker of workers) worker.end('SIGKILL')
    await Promise.all(workers.map(({ exited }) => exited))
    this.#workers.clear()
  }

  #visit(role: string, goodbye: 'leave' | 'terminate'): void {
    const worker = this.#workers.get(role) ?? this.start(role)
    if (!this.#visiting.has(role)) {
      this.#visiting.add(role)
      this.#noteFault('join', worker)
      this.#follow(worker.obey('join'))
      return
    }
    this.#visiting.delete(role)
    this.#noteFault(goodbye, worker)
    if (goodbye === 'leave') {
      this.#follow(worker.obey('leave'))
      return
    }
    this.#workers.delete(role)
    this.#follow(this.#terminate(worker))
  }

  async #terminate(worker: WorkerProcess): Promise<void> {
    await worker.ready
    worker.end('SIGTERM')
    await worker.exited
  }

  async #kill(role: string, restartMs: number): Promise<void> {
    const worker = this.#workers.get(role)
    if (worker === undefined || this.#frozen.has(worker)) return
    this.#noteFault('kill', worker)
    worker.end('SIGKILL')
    await worker.exited
    await sleep(restartMs)
    await this.start(role).obey('join')
  }

  async #replace(role: string, downMs: number): Promise<void> {
    const worker = this.#workers.get(role)
    if (worker === undefined) return
    this.#noteFault('replace', worker)
    await this.#terminate(worker)
    await sleep(downMs)
    await this.start(role).obey('join')
  }

  async #freeze(role: string, forMs: number): Promise<void> {
    const worker = this.#workers.get(role)
    if (worker === undefined || this.#frozen.has(worker)) return
    this.#frozen.add(worker)
    this.#noteFault('freeze', worker)
    worker.freeze()
    await sleep(forMs)
    this.#journal.note({ kind: 'thaw', target: worker.name })
    worker.thaw()
    this.#frozen.delete(worker)
  }

  #noteFault(fault: FaultName, { name: target }: WorkerProcess): void {
    this.#journal.note({ kind: 'fault', fault, target })
  }

  #follow(work: Promise<unknown>): void {
    const followed = work.finally(() => this.#pending.delete(followed))
    this.#pending.add(followed)
  }
}
