import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packageFolder = fileURLToPath(new URL('../..', import.meta.url))
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

export type Mode = 'standard' | 'legacy'
export const MODES: readonly Mode[] = ['standard', 'legacy']

export interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs Node on a file, so that packages resolve to their sources. */
export function node(...args: readonly string[]): Promise<Run> {
  const all = ['--conditions=source', ...args]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, all, { cwd: packageFolder, timeout: 15_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

/** A folder inside the package, where compiled files find the package and what it depends on. */
export async function temporaryFolder(): Promise<string> {
  const parent = join(packageFolder, '.holdfast')
  await mkdir(parent, { recursive: true })
  return mkdtemp(join(parent, 'compiled-'))
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

/** Type checks the fixtures and type tests with the real compiler, and compiles them. */
export function compile(mode: Mode, outDir: string, ...more: readonly string[]): Promise<Run> {
  return node(tsc, '-p', join(packageFolder, 'test/fixtures', mode), '--outDir', outDir, ...more)
}

/** Compiles alone, which takes a fraction of the time; `compile-and-run.test.ts` checks the types. */
export function compileUnchecked(mode: Mode, outDir: string): Promise<Run> {
  return compile(mode, outDir, '--noCheck')
}

/** Where `compile` puts a fixture. */
export function fixture(outDir: string, name: string): string {
  return join(outDir, 'decorators/test/fixtures', `${name}.js`)
}
