import { copyFile, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { checkArchive, type Jvm } from '../../../src/kafka/jvm/class-archive.ts'
import { cacheFolder, ensureJars } from '../../../src/kafka/jvm/jars.ts'
import { findJava } from '../../../src/kafka/jvm/java.ts'
import { kafka } from '../../../src/kafka/kafka.ts'

let cache: string
let env: NodeJS.ProcessEnv
let jvm: Jvm
const lines: string[] = []
const log = (line: string): void => void lines.push(line)

/** A machine with all jars, and an empty cache. */
beforeAll(async () => {
  const [java, jars] = await Promise.all([findJava(process.env), ensureJars({ env: process.env, log })])
  if ('reason' in java || 'reason' in jars) throw new Error('no JVM, or no jars of a broker')
  jvm = { java, classPath: jars.classPath }
  cache = await mkdtemp(join(tmpdir(), 'holdfast-classes-'))
  env = {
    ...process.env,
    KAFKA_BROKERS: '',
    HOLDFAST_KAFKA: 'jvm',
    KAFKA_JARS_DIR: process.env.KAFKA_JARS_DIR || cacheFolder(process.env),
    XDG_CACHE_HOME: cache,
  }
})
afterAll(() => rm(cache, { recursive: true }))

async function archives(): Promise<string[]> {
  const folder = cacheFolder(env)
  return (await readdir(folder)).map((name) => join(folder, name))
}

test('classes are kept once, and where they are damaged a broker starts without them', async () => {
  await using _first = await kafka({ env, log, keepClasses: true })
  const [file = '', ...others] = await archives()
  expect(others).toEqual([])
  const made = await stat(file)
  await checkArchive(jvm, file, env)
  expect(lines.filter((line) => line.includes('later starts take half the time'))).toHaveLength(1)

  await using _second = await kafka({ env, log, keepClasses: true })
  expect((await stat(file)).mtimeMs).toBe(made.mtimeMs)

  const damaged = join(cache, 'damaged.jsa')
  await copyFile(file, damaged)
  await truncate(damaged, made.size / 2)
  await expect(checkArchive(jvm, damaged, env)).rejects.toThrow(/SIGBUS|archive/)
  await rm(file)
  await copyFile(damaged, file)
  await using third = await kafka({ env, log })
  expect(third.brokers).toHaveLength(1)
})
