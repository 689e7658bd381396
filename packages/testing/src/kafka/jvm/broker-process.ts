import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'

import type { BrokerHost } from '../broker-host.ts'
import { within } from '../deadline.ts'
import { untilStopped } from './process-state.ts'

const GRACE_MS = 15_000
const LOG_TAIL_LINES = 15

export interface BrokerCommand {
  readonly id: number
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string
  /** Where the guard of the data folder finds what to kill. */
  readonly pidFile: string
}

// Written before the broker exists, so the guard knows every broker at every moment.
const LAUNCH = 'echo $$ > "$1" && shift && exec "$@"'

/** A broker as a child process. It does not keep this process alive. */
export function brokerProcess(command: BrokerCommand): BrokerHost {
  let child: ChildProcess | undefined
  let ended: Promise<void> = Promise.resolve()

  const isRunning = (): boolean => child?.pid !== undefined && child.exitCode === null && child.signalCode === null

  async function end(): Promise<void> {
    child?.ref()
    await ended
  }

  async function kill(): Promise<void> {
    child?.kill('SIGKILL')
    await end()
  }

  return {
    id: command.id,
    async start() {
      if (isRunning()) return
      child = launch(command)
      ended = exitOf(child, command.pidFile)
      child.unref()
    },
    async stop() {
      child?.kill('SIGTERM')
      // A paused process takes no other signal than SIGKILL.
      child?.kill('SIGCONT')
      await within(GRACE_MS, end()).catch(kill)
    },
    kill,
    async pause() {
      child?.kill('SIGSTOP')
      if (child?.pid !== undefined) await untilStopped(child.pid)
    },
    async resume() {
      child?.kill('SIGCONT')
    },
    async failure() {
      if (isRunning()) return undefined
      const how = child?.signalCode ?? `code ${child?.exitCode ?? 'unknown'}`
      return `broker ${command.id} ended (${how})${logTail(command.logFile)}`
    },
  }
}

function launch({ command, args, env, logFile, pidFile }: BrokerCommand): ChildProcess {
  const log = openSync(logFile, 'a')
  try {
    return spawn('/bin/sh', ['-c', LAUNCH, 'sh', pidFile, command, ...args], {
      stdio: ['ignore', log, log],
      detached: true,
      env,
    })
  } finally {
    closeSync(log)
  }
}

function exitOf(child: ChildProcess, pidFile: string): Promise<void> {
  return new Promise((resolve) => {
    const forget = (): void => {
      // Its number may soon belong to another process, which the guard must not kill.
      rmSync(pidFile, { force: true })
      resolve()
    }
    child.once('exit', forget)
    child.once('error', forget)
  })
}

function logTail(file: string): string {
  try {
    const lines = readFileSync(file, 'utf8').trim().split('\n').slice(-LOG_TAIL_LINES)
    return `; the end of its log:\n${lines.join('\n')}`
  } catch {
    return ''
  }
}
