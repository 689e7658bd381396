import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'

/**
 * Runs outside this process and reads from it. Input ends when this process is gone, however it
 * went; then the container goes. Its creation may still be under way by then, hence the attempts.
 */
const GUARD = `
const [testcontainers, name] = process.argv.slice(1)
process.stdin.resume().once('close', async () => {
  const client = await require(testcontainers).getContainerRuntimeClient()
  const container = client.container.getById(name)
  for (let attempt = 0; attempt < 50; attempt++) {
    const removed = await container.remove({ force: true, v: true }).then(() => true, () => false)
    if (removed) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
})`

/**
 * Makes a container go with this process, by name and before it exists. Unlike the reaper of
 * testcontainers it needs no image of its own. Returns what to call once the container is removed.
 */
export function guardContainer(name: string): () => void {
  const testcontainers = createRequire(import.meta.url).resolve('testcontainers')
  const { NODE_OPTIONS: _, ...env } = process.env
  const guard = spawn(process.execPath, ['--eval', GUARD, testcontainers, name], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a session of its own, Ctrl-C in the terminal reaches this process alone.
    detached: true,
    cwd: '/',
    env,
  })
  guard.on('error', () => undefined)
  guard.stdin.on('error', () => undefined)
  guard.unref()
  return () => void guard.kill('SIGKILL')
}
