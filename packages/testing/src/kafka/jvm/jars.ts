import { copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { KAFKA_VERSION } from '../kafka-version.ts'
import { messageOf } from '../provisioning-error.ts'
import { guardedFolder } from './guarded-folder.ts'
import { findBadJars, type LockedJar, parseJarsLock } from './jars-lock.ts'
import { type MavenAnswer, runMaven } from './maven.ts'

const RESOURCES = fileURLToPath(new URL('../../../resources/', import.meta.url))
const POM = 'kafka-broker.pom.xml'

export type JarsAnswer = { readonly classPath: string } | { readonly reason: string; readonly remedy: string }

export interface JarsRequest {
  readonly env: NodeJS.ProcessEnv
  readonly log: (line: string) => void
  /** @default the lock of the package */
  readonly lock?: readonly LockedJar[]
  /** Puts every jar of the pom into a folder. @default Maven */
  readonly fetch?: (pom: string, dir: string, env: NodeJS.ProcessEnv) => Promise<MavenAnswer>
}

/**
 * The class path of the broker, from KAFKA_JARS_DIR or else from the cache, which is filled when
 * jars are missing or damaged. Every jar is checked by its digest every time, which takes less than
 * 0.1 s, and only jars of the lock are on the class path.
 */
export async function ensureJars(request: JarsRequest): Promise<JarsAnswer> {
  const { env, log } = request
  const lock = request.lock ?? (await readLock())
  const given = env.KAFKA_JARS_DIR
  const dir = given || cacheFolder(env)
  const bad = await findBadJars(dir, lock)
  if (bad.length === 0) return { classPath: classPath(dir, lock) }
  if (given) return { reason: `KAFKA_JARS_DIR: ${describe(bad, dir)}`, remedy: manually(given) }
  log(`kafka: asking Maven for the ${lock.length} jars of Kafka ${KAFKA_VERSION}, once, for ${dir}`)
  const refusal = await refill(dir, bad, lock, request).catch((error: unknown) => ({
    reason: `the cache cannot be filled: ${messageOf(error)}`,
    remedy: 'set XDG_CACHE_HOME to a folder that can be written to',
  }))
  return refusal ?? { classPath: classPath(dir, lock) }
}

/**
 * Each jar moves into the cache by a rename, after its digest was checked: processes that fill the
 * cache at the same time put the same bytes there, and a running broker keeps the file it opened.
 */
async function refill(
  dir: string,
  bad: readonly LockedJar[],
  lock: readonly LockedJar[],
  { env, fetch = runMaven }: JarsRequest,
): Promise<{ reason: string; remedy: string } | undefined> {
  await mkdir(dir, { recursive: true })
  const fetched = await guardedFolder(`${dir}.fetch-`, env)
  try {
    // A copy, since Maven may write next to the pom and the package may be read-only.
    const pom = join(fetched.path, POM)
    await copyFile(join(RESOURCES, POM), pom)
    const answer = await fetch(pom, fetched.path, env)
    if ('reason' in answer) return answer
    const wrong = await findBadJars(fetched.path, lock)
    if (wrong.length > 0) return { reason: describe(wrong, 'Maven'), remedy: manually(dir) }
    for (const { file } of bad) await rename(join(fetched.path, file), join(dir, file))
    return undefined
  } finally {
    await fetched.remove()
  }
}

/** One per Kafka version, so that versions do not mix. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast', `kafka-${KAFKA_VERSION}`)
}

async function readLock(): Promise<LockedJar[]> {
  return parseJarsLock(await readFile(join(RESOURCES, 'jars.lock'), 'utf8'))
}

function classPath(dir: string, lock: readonly LockedJar[]): string {
  return lock.map(({ file }) => join(dir, file)).join(':')
}

function describe(bad: readonly LockedJar[], where: string): string {
  const names = bad.slice(0, 3).map(({ file }) => file)
  const more = bad.length > names.length ? ` and ${bad.length - names.length} more` : ''
  return `${names.join(', ')}${more} missing or damaged (${where})`
}

function manually(dir: string): string {
  return `fill it with mvn -f ${join(RESOURCES, POM)} dependency:copy-dependencies -DoutputDirectory=${dir}`
}
