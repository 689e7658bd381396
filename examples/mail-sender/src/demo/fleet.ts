import type { WorkerMessage } from '../worker-messages.ts'
import { GroupView } from './group-view.ts'
import { startWorker, type WorkerProcess } from './worker-process.ts'

export interface FleetPorts {
  readonly count: number
  readonly env: NodeJS.ProcessEnv
  /** Whether each worker is a static member under its name. */
  readonly nameMembers: boolean
  /** Whether a worker that is killed is started again, as whatever runs it would do. */
  readonly restarts: boolean
  say(line: string): void
  delivered(messageId: string): void
  /** A worker has joined the group. */
  joined(): void
}

/** The worker processes. */
export class Fleet {
  readonly group: GroupView
  readonly #ports: FleetPorts
  readonly #workers: Map<string, WorkerProcess>
  /** The one that is being replaced. */
  #leaving: string | undefined
  /** Who waits for the first assignment of a worker. */
  readonly #awaited = new Map<string, () => void>()
  #isStopping = false
  #outages = 0
  #deaths = 0

  constructor(ports: FleetPorts) {
    this.#ports = ports
    const names = Array.from({ length: ports.count }, (_, index) => `worker-${index + 1}`)
    this.group = new GroupView(names)
    this.#workers = new Map(names.map((name) => [name, this.#start(name)]))
  }

  /** Replaces one worker after another, as a deployment does. */
  async roll(): Promise<void> {
    for (const [name, worker] of this.#workers) {
      if (this.#isStopping || !worker.isRunning()) continue
      this.#leaving = name
      await worker.stop()
      this.#leaving = undefined
      if (this.#isStopping) return
      const joined = new Promise<void>((resolve) => this.#awaited.set(name, resolve))
      this.#workers.set(name, this.#start(name))
      await joined
    }
  }

  /** How often a worker found something down that its mails need. */
  get outages(): number {
    return this.#outages
  }

  /** How often a worker ended by itself. */
  get deaths(): number {
    return this.#deaths
  }

  isRunning(): boolean {
    return [...this.#workers.values()].some((worker) => worker.isRunning())
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all([...this.#workers.values()].filter((worker) => worker.isRunning()).map((worker) => worker.stop()))
  }

  kill(): void {
    this.#isStopping = true
    for (const worker of this.#workers.values()) worker.kill()
  }

  #start(name: string): WorkerProcess {
    const { env, nameMembers, say } = this.#ports
    const worker = startWorker(name, nameMembers ? { ...env, GROUP_INSTANCE_ID: name } : env, {
      message: (from, message) => this.#onMessage(from, message),
      line: (_, line) => say(`${name}: ${line}`),
      exit: (from, how) => this.#onExit(from, how),
    })
    say(`${name}: started, pid ${worker.pid}`)
    return worker
  }

  #onMessage({ name }: WorkerProcess, message: WorkerMessage): void {
    if (message.type === 'delivered') return this.#ports.delivered(message.messageId)
    // While the workers leave one after another, the group changes with each. That says nothing of the run.
    if (this.#isStopping) return
    if (message.type !== 'joined') return this.#onCircuit(name, message)
    const { generationId, partitions } = message
    this.group.joined(name, generationId, partitions)
    this.#ports.joined()
    this.#awaited.get(name)?.()
    this.#ports.say(
      `${name}: has ${partitions.length === 0 ? 'no partition' : `partitions ${partitions.join(', ')}`} (generation ${generationId})`,
    )
  }

  #onCircuit(name: string, { type, circuit }: WorkerMessage & { readonly type: 'opened' | 'closed' }): void {
    if (type === 'opened') this.#outages += 1
    const what = type === 'opened' ? 'is down: its mails wait' : 'is back: its mails go on'
    this.#ports.say(`${name}: ${circuit} ${what}`)
  }

  #onExit({ name }: WorkerProcess, how: string): void {
    if (this.#isStopping) return
    this.group.gone(name)
    if (this.#leaving === name) return this.#ports.say(`${name}: stopped, to be replaced`)
    this.#deaths += 1
    if (this.#ports.restarts && how.startsWith('SIG')) {
      this.#ports.say(`${name}: died (${how}), and is started again`)
      this.#workers.set(name, this.#start(name))
      return
    }
    this.#ports.say(`${name}: died (${how}); the others get its partitions when its session has timed out`)
  }
}
