import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { WorkerMessage } from '../worker-messages.ts'

const STOP_MS = 40_000
const WARN = 40
const ENTRY = fileURLToPath(new URL('../worker.js', import.meta.url))

export interface WorkerListener {
  message(worker: WorkerProcess, message: WorkerMessage): void
  /** A line worth showing: a warning, an error, or anything on stderr. */
  line(worker: WorkerProcess, line: string): void
  exit(worker: WorkerProcess, how: string): void
}

/** One worker, as a process of its own. */
export interface WorkerProcess {
  readonly name: string
  readonly pid: number | undefined
  isRunning(): boolean
  /** SIGTERM, and SIGKILL for one that does not end. */
  stop(): Promise<void>
  kill(): void
}

export function startWorker(name: string, env: NodeJS.ProcessEnv, listener: WorkerListener): WorkerProcess {
  // Detached: Ctrl-C in the terminal reaches the demo alone, which then stops its workers in good order.
  const child = fork(ENTRY, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const exited = once(child, 'exit')
  const worker: WorkerProcess = {
    name,
    pid: child.pid,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    kill: () => void child.kill('SIGKILL'),
    async stop() {
      const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      child.kill('SIGTERM')
      await exited
      clearTimeout(impatience)
    },
  }
  listen(child, worker, listener)
  return worker
}

function listen(child: ChildProcess, worker: WorkerProcess, listener: WorkerListener): void {
  child.on('message', (message) => listener.message(worker, message as WorkerMessage))
  child.on('error', (error) => listener.line(worker, error.message))
  child.once('exit', (code, signal) => listener.exit(worker, signal ?? `exit code ${code}`))
  eachLine(child.stderr, (line) => listener.line(worker, line))
  eachLine(child.stdout, (line) => {
    const warning = warningIn(line)
    if (warning !== undefined) listener.line(worker, warning)
  })
}

function eachLine(input: Readable | null, act: (line: string) => void): void {
  if (input !== null) createInterface({ input }).on('line', act)
}

/** The worker logs JSON. Below a warning there is nothing to see here, nor in what the client library says for itself. */
export function warningIn(line: string): string | undefined {
  try {
    const { level, logger, msg, code, reason, err } = JSON.parse(line)
    if (level < WARN || logger === 'kafkajs') return undefined
    const cause = reason ?? err?.message
    return [msg, code, cause].filter((part) => typeof part === 'string').join(': ')
  } catch {
    return line
  }
}
