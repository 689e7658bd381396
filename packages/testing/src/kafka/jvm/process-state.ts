import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const LOOK_MS = 5
const LIMIT_MS = 5_000

/** A signal is delivered a moment after it is sent: resolves when every thread has stopped, where the system says so. */
export async function untilStopped(pid: number): Promise<void> {
  const endMs = performance.now() + LIMIT_MS
  while (isStopped(pid) === false && performance.now() < endMs) await delay(LOOK_MS)
}

/** Undefined where there is no such process, or no `/proc`. */
function isStopped(pid: number): boolean | undefined {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => stateOf(`/proc/${pid}/task/${thread}/stat`) === 'T')
  } catch {
    return undefined
  }
}

/** The letter after the command, which stands in brackets and may hold any character. */
function stateOf(file: string): string | undefined {
  const text = readFileSync(file, 'utf8')
  return text[text.lastIndexOf(')') + 2]
}
