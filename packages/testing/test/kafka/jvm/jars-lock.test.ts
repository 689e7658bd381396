import { readFile } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { parseJarsLock } from '../../../src/kafka/jvm/jars-lock.ts'
import { KAFKA_VERSION } from '../../../src/kafka/kafka-version.ts'

const read = (path: string): Promise<string> => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8')

test('the lock, the pom, the image recipe and the compose file name one Kafka version', async () => {
  const jars = parseJarsLock(await read('resources/jars.lock')).map(({ file }) => file)
  expect(jars).toContain(`kafka_2.13-${KAFKA_VERSION}.jar`)
  expect(jars).toContain(`kafka-clients-${KAFKA_VERSION}.jar`)
  expect(await read('resources/kafka-broker.pom.xml')).toContain(`<version>${KAFKA_VERSION}</version>`)
  for (const file of ['compose.yaml', 'build-kafka-image.sh', 'README.md'])
    expect(await read(`../../docker/${file}`), file).toContain(`apache/kafka:${KAFKA_VERSION}`)
})

test('the pom of docker/ is the pom of the package', async () => {
  const [copy, original] = await Promise.all([
    read('../../docker/kafka-broker.pom.xml'),
    read('resources/kafka-broker.pom.xml'),
  ])
  expect(copy).toBe(original)
})

test('a line of the lock', () => {
  const sha256 = 'ab'.repeat(32)
  expect(parseJarsLock(`org.x:y-z:1.2 ${sha256} 10\n`)).toEqual([{ file: 'y-z-1.2.jar', sha256 }])
})

test.each(['org.x:y', `y ${'ab'.repeat(32)} 1`, 'org.x:y:1 abc 1'])('%s is refused', (line) => {
  expect(() => parseJarsLock(line)).toThrow('group:artifact:version sha256 bytes')
})
