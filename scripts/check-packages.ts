import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PackedPackage, packAll } from './pack.ts'

/** Text of the manifest and of the file list that must not be in a published package. */
const FORBIDDEN_SCRIPTS = ['preinstall', 'install', 'postinstall']

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
}

function checkContents({ name, tarball }: PackedPackage): void {
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n')
  const manifest = JSON.parse(
    execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }),
  ) as {
    bin?: Record<string, string>
    scripts?: Record<string, string>
    dependencies?: Record<string, string>
  }
  const missing = ['package/README.md', 'package/LICENSE', 'package/dist/index.js', 'package/dist/index.d.ts'].filter(
    (file) => !files.includes(file),
  )
  if (missing.length > 0) throw new Error(`${name} lacks ${missing.join(', ')}`)
  for (const program of Object.values(manifest.bin ?? {})) checkProgram(name, tarball, program)
  const stray = files.filter((file) => /\/test\/|tsbuildinfo|\.env/.test(file))
  if (stray.length > 0) throw new Error(`${name} carries ${stray.join(', ')}`)
  const hooks = FORBIDDEN_SCRIPTS.filter((script) => manifest.scripts?.[script] !== undefined)
  if (hooks.length > 0) throw new Error(`${name} runs ${hooks.join(', ')} when it is installed`)
  const unresolved = Object.entries(manifest.dependencies ?? {}).filter(([, range]) =>
    /^(workspace|catalog):/.test(range),
  )
  if (unresolved.length > 0) throw new Error(`${name} has unresolved ranges: ${unresolved.join(', ')}`)
}

/** A program that is not in the tarball, or cannot be executed, shows only after the installation. */
function checkProgram(name: string, tarball: string, program: string): void {
  const path = `package/${program.replace(/^\.\//, '')}`
  const listed = execFileSync('tar', ['-tvzf', tarball], { encoding: 'utf8' }).split('\n')
  const entry = listed.find((line) => line.endsWith(` ${path}`))
  if (entry === undefined) throw new Error(`${name} lacks ${path}`)
  if (!/^-rwx/.test(entry)) throw new Error(`${name} cannot execute ${path}: ${entry}`)
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-pack-'))
try {
  for (const packed of packAll(folder)) {
    checkContents(packed)
    run('publint', ['--strict', packed.tarball])
    run('attw', ['--profile', 'esm-only', packed.tarball])
  }
} finally {
  rmSync(folder, { recursive: true })
}
