import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { findJava, parseJavaVersion } from '../../../src/kafka/jvm/java.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-java-'))
})
afterEach(() => rm(home, { recursive: true }))

async function install(banner: string): Promise<string> {
  await mkdir(join(home, 'bin'))
  const command = join(home, 'bin', 'java')
  await writeFile(command, `#!/bin/sh\necho '${banner}' >&2\n`, { mode: 0o755 })
  return command
}

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['openjdk version "25" 2025-09-16 LTS', 25],
  ['java version "1.8.0_402"', 8],
  ['openjdk version "26-ea" 2026-03-17', 26],
  ['what', undefined],
])('%s', (banner, version) => {
  expect(parseJavaVersion(banner)).toBe(version)
})

test('JAVA_HOME comes before PATH', async () => {
  const command = await install('openjdk version "21.0.1"')
  const banner = 'openjdk version "21.0.1"\n'
  expect(await findJava({ ...process.env, JAVA_HOME: home })).toEqual({ command, version: 21, banner })
})

test('an old Java is named as such', async () => {
  const command = await install('openjdk version "11.0.22"')
  expect(await findJava({ PATH: join(home, 'bin') })).toEqual({
    reason: 'Java 11 is too old: java',
    remedy: 'install a Java runtime 17 or newer, or set JAVA_HOME',
  })
  expect(await findJava({ JAVA_HOME: home })).toMatchObject({
    reason: `Java 11 is too old: ${command}`,
  })
})

test('no Java', async () => {
  expect(await findJava({ PATH: home })).toMatchObject({ reason: 'there is no java on PATH' })
  expect(await findJava({ JAVA_HOME: home })).toMatchObject({
    reason: `${join(home, 'bin', 'java')} does not run`,
  })
})
