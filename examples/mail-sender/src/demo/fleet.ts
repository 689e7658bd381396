import type { WorkerMessage } from '../worker-messages.ts'
import { GroupView } from './group-view.ts'
import { startWorker, type WorkerProcess } from './worker-process.ts'

export interface FleetPorts {
  readonly count: number
  readonly env: NodeJS.ProcessEnv
  say(line: string): void
  delivered(messageId: string): void
  /** A worker has joined the group. */
  joined(): void
}

/** The worker processes. One that dies is not started again: the others have to do its work. */
export class Fleet {
  readonly group: GroupView
  readonly #ports: FleetPorts
  readonly #workers: readonly WorkerProcess[]
  #isStopping = false

  constructor(ports: FleetPorts) {
    this.#ports = ports
    const names = Array.from({ length: ports.count }, (_, index) => `worker-${index + 1}`)
    this.group = new GroupView(names)
    this.#workers = names.map((name) =>
      startWorker(name, ports.env, {
        message: (worker, message) => this.#onMessage(worker, message),
        line: ({ name }, line) => ports.say(`${name}: ${line}`),
        exit: (worker, how) => this.#onExit(worker, how),
      }),
    )
    for (const { name, pid } of this.#workers) ports.say(`${name}: started, pid ${pid}`)
  }

  isRunning(): boolean {
    return this.#workers.some((worker) => worker.isRunning())
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#workers.filter((worker) => worker.isRunning()).map((worker) => worker.stop()))
  }

  kill(): void {
    this.#isStopping = true
    for (const worker of this.#workers) worker.kill()
  }

  #onMessage({ name }: WorkerProcess, message: WorkerMessage): void {
    if (message.type === 'delivered') return this.#ports.delivered(message.messageId)
    // While the workers leave one after another, the group changes with each. That says nothing of the run.
    if (this.#isStopping) return
    const { generationId, partitions } = message
    this.group.joined(name, generationId, partitions)
    this.#ports.joined()
    this.#ports.say(
      `${name}: has ${partitions.length === 0 ? 'no partition' : `partitions ${partitions.join(', ')}`} (generation ${generationId})`,
    )
  }

  #onExit({ name }: WorkerProcess, how: string): void {
    if (this.#isStopping) return
    this.group.gone(name)
    this.#ports.say(`${name}: died (${how}); the others get its partitions when its session has timed out`)
  }
}
