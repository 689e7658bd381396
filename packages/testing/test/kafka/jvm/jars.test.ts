import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { cacheFolder, ensureJars, type JarsRequest } from '../../../src/kafka/jvm/jars.ts'

const CONTENTS: Readonly<Record<string, string>> = {
  'a-1.jar': 'content of a',
  'b-2.jar': 'content of b',
  'c-3.jar': 'content of c',
}
const NAMES = Object.keys(CONTENTS)
const lock = Object.entries(CONTENTS).map(([file, content]) => ({
  file,
  sha256: createHash('sha256').update(content).digest('hex'),
}))

let root: string
let cache: string
let fetches: number
let lines: string[]
let request: JarsRequest

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-jars-'))
  const env = { XDG_CACHE_HOME: root }
  cache = cacheFolder(env)
  fetches = 0
  lines = []
  request = { env, lock, fetch: fetchGood, log: (line) => lines.push(line) }
})
afterEach(() => rm(root, { recursive: true }))

async function fetchGood(_pom: string, dir: string): Promise<{ ok: true }> {
  fetches++
  for (const [file, content] of Object.entries(CONTENTS)) await writeFile(join(dir, file), content)
  return { ok: true }
}

const refuse: JarsRequest['fetch'] = async () => ({ reason: 'no mvn', remedy: 'install Maven' })

async function fill(dir: string, changed: Record<string, string | undefined> = {}): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (const [file, content] of Object.entries({ ...CONTENTS, ...changed }))
    if (content !== undefined) await writeFile(join(dir, file), content)
}

const classPath = (dir: string): { classPath: string } => ({
  classPath: NAMES.map((file) => join(dir, file)).join(':'),
})

const contents = async (): Promise<Record<string, string>> =>
  Object.fromEntries(await Promise.all(NAMES.map(async (file) => [file, await readFile(join(cache, file), 'utf8')])))

test('the cache is named after the Kafka version and lies in XDG_CACHE_HOME, or in ~/.cache', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/holdfast/kafka-4.4.0')
  expect(cacheFolder({})).toMatch(/\/\.cache\/holdfast\/kafka-4\.4\.0$/)
})

test('an empty cache is filled once, with one line about it', async () => {
  expect(await ensureJars(request)).toEqual(classPath(cache))
  expect(await ensureJars(request)).toEqual(classPath(cache))
  expect(fetches).toBe(1)
  expect(lines).toEqual([`kafka: asking Maven for the 3 jars of Kafka 4.4.0, once, for ${cache}`])
  expect(await readdir(join(root, 'holdfast'))).toEqual(['kafka-4.4.0'])
})

test('a full cache needs no Maven', async () => {
  await fill(cache)
  expect(await ensureJars({ ...request, fetch: refuse })).toEqual(classPath(cache))
})

describe.each([
  ['truncated', { 'b-2.jar': 'content' }],
  ['of the right size but with other bytes', { 'b-2.jar': 'content of x' }],
  ['missing', { 'b-2.jar': undefined }],
])('a jar that is %s', (_what, changed) => {
  test('is fetched again', async () => {
    await fill(cache, changed)
    expect(await ensureJars(request)).toEqual(classPath(cache))
    expect(await contents()).toEqual(CONTENTS)
  })

  test('is named when it cannot be fetched, and is not used', async () => {
    await fill(cache, changed)
    expect(await ensureJars({ ...request, fetch: refuse })).toEqual({
      reason: 'no mvn',
      remedy: 'install Maven',
    })
  })

  test('is named in KAFKA_JARS_DIR, which stays as it is', async () => {
    const given = join(root, 'given')
    await fill(given, changed)
    const before = await readdir(given)
    const answer = await ensureJars({ ...request, env: { KAFKA_JARS_DIR: given } })
    expect(answer).toMatchObject({
      reason: `KAFKA_JARS_DIR: b-2.jar missing or damaged (${given})`,
      remedy: expect.stringContaining(`-DoutputDirectory=${given}`),
    })
    expect(await readdir(given)).toEqual(before)
    expect(fetches).toBe(0)
  })
})

test('a jar that is not in the lock never comes onto the class path', async () => {
  await fill(cache, { 'evil-1.jar': 'x' })
  expect(await ensureJars(request)).toEqual(classPath(cache))
  expect(fetches).toBe(0)
})

test('KAFKA_JARS_DIR is used instead of the cache', async () => {
  const given = join(root, 'given')
  await fill(given)
  const env = { ...request.env, KAFKA_JARS_DIR: given }
  expect(await ensureJars({ ...request, env, fetch: refuse })).toEqual(classPath(given))
})

test('what Maven brings is checked before any of it reaches the cache', async () => {
  const answer = await ensureJars({
    ...request,
    async fetch(_pom, dir) {
      await fill(dir, { 'a-1.jar': 'tampered', 'c-3.jar': undefined })
      return { ok: true }
    },
  })
  expect(answer).toMatchObject({ reason: 'a-1.jar, c-3.jar missing or damaged (Maven)' })
  expect(await readdir(cache)).toEqual([])
  expect(await readdir(join(root, 'holdfast'))).toEqual(['kafka-4.4.0'])
})

test('fetchers at the same time end with one good cache', async () => {
  await fill(cache, { 'a-1.jar': 'bad' })
  // None may finish its fetch before all have found the cache bad.
  const started = Promise.withResolvers<void>()
  const fetch = async (pom: string, dir: string): Promise<{ ok: true }> => {
    const answer = await fetchGood(pom, dir)
    if (fetches === 4) started.resolve()
    await started.promise
    return answer
  }
  const answers = await Promise.all(Array.from({ length: 4 }, () => ensureJars({ ...request, fetch })))
  expect(answers).toEqual(Array.from({ length: 4 }, () => classPath(cache)))
  expect(await contents()).toEqual(CONTENTS)
  expect(await readdir(join(root, 'holdfast'))).toEqual(['kafka-4.4.0'])
})

test('without Maven on PATH and without a cache the answer says what to do', async () => {
  const { fetch: _, ...byMaven } = request
  const answer = await ensureJars({ ...byMaven, env: { ...request.env, PATH: root } })
  expect(answer).toEqual({
    reason: 'its jars are not cached and there is no mvn on PATH',
    remedy: 'install Maven, or set KAFKA_JARS_DIR to a folder with the jars of jars.lock',
  })
})

test('a cache that cannot be written is a reason, not a crash', async () => {
  const file = join(root, 'file')
  await writeFile(file, '')
  expect(await ensureJars({ ...request, env: { XDG_CACHE_HOME: file } })).toMatchObject({
    reason: expect.stringContaining('the cache cannot be filled: ENOTDIR'),
    remedy: 'set XDG_CACHE_HOME to a folder that can be written to',
  })
})
