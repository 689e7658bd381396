import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { test } from 'vitest'

const FIXTURE = fileURLToPath(new URL('../fixtures/hold-broker.ts', import.meta.url))

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test.concurrent.for(['SIGKILL', 'SIGINT'] as const)(
  'a process that ends by %s leaves neither broker nor data',
  async (signal, { expect, onTestFinished }) => {
    const temp = await mkdtemp(join(tmpdir(), 'holdfast-death-'))
    onTestFinished(() => rm(temp, { recursive: true, force: true }))
    const parent = spawn(process.execPath, ['--no-warnings', FIXTURE], {
      env: { ...process.env, HOLDFAST_KAFKA: 'jvm', TMPDIR: temp },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(parent.stdout, 'data')
    const [folder = ''] = await readdir(temp)
    const data = join(temp, folder)
    const broker = Number(await readFile(join(data, '1.pid'), 'utf8'))
    expect(isAlive(broker)).toBe(true)

    parent.kill(signal)
    await once(parent, 'exit')

    await expect.poll(() => isAlive(broker), { timeout: 10_000 }).toBe(false)
    await expect.poll(() => existsSync(data), { timeout: 10_000 }).toBe(false)
  },
)
