import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface PackedPackage {
  readonly name: string
  readonly folder: string
  readonly tarball: string
}

const root = join(import.meta.dirname, '..')

/** Packs every public package as it would be published. */
export function packAll(destination: string): PackedPackage[] {
  return readdirSync(join(root, 'packages')).map((name) => {
    const folder = join(root, 'packages', name)
    const before = new Set(readdirSync(destination))
    execFileSync('npx', ['--yes', 'pnpm@12', 'pack', '--pack-destination', destination], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const tarball = readdirSync(destination).find((file) => !before.has(file)) as string
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string }
    return { name: manifest.name, folder, tarball: join(destination, tarball) }
  })
}
