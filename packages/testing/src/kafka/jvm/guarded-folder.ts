import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'

/**
 * Runs outside this process and reads from it. Input ends when this process is gone, however it
 * went (SIGKILL included), and when it closes the pipe itself. Then the processes named by `*.pid`
 * files die and the folder goes, in that order: a living broker would write it anew.
 */
const GUARD = `
while read -r _; do :; done
tries=0
while [ -e "$1" ] && [ $tries -lt 100 ]; do
  for file in "$1"/*.pid; do
    if read -r pid < "$file"; then kill -9 "$pid"; fi
  done
  rm -rf -- "$1" || sleep 0.1
  tries=$((tries + 1))
done`

export interface GuardedFolder {
  readonly path: string
  /** Kills what still runs in it and removes it. */
  remove(): Promise<void>
}

/** Makes a folder that does not outlive this process. */
export async function guardedFolder(prefix: string, env: NodeJS.ProcessEnv): Promise<GuardedFolder> {
  const path = await mkdtemp(prefix)
  const guard = spawn('/bin/sh', ['-c', GUARD, 'holdfast-guard', path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a session of its own, Ctrl-C in the terminal reaches this process alone.
    detached: true,
    cwd: '/',
    env: { PATH: `${env.PATH ?? ''}:/usr/bin:/bin` },
  })
  const gone = once(guard, 'exit')
  gone.catch(() => undefined)
  guard.stdin.on('error', () => undefined)
  guard.unref()
  return {
    path,
    async remove() {
      guard.ref()
      guard.stdin.end()
      await gone
    },
  }
}
