import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Debian and its like keep what is not on the path. */
const POSTGRES_VERSIONS = '/usr/lib/postgresql'

/** The path of a program, looked for on the path and in the folders given; undefined where it is nowhere. */
export function findProgram(name: string, env: NodeJS.ProcessEnv, more: readonly string[] = []): string | undefined {
  const folders = [...more, ...(env.PATH ?? '').split(delimiter)].filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** The newest version first. */
export function postgresFolders(): string[] {
  try {
    const versions = readdirSync(POSTGRES_VERSIONS).sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(POSTGRES_VERSIONS, version, 'bin'))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
