import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packAll } from './pack.ts'

/** Installs the packed packages beside plain Node 22 and runs a consumer from them on a real broker. */
const PROGRAM = `
import { execFileSync } from 'node:child_process'
import { createConsumer, json, on } from '@holdfast/core'
import { consumersOf } from '@holdfast/decorators'
import { kafkajs } from '@holdfast/kafkajs'
import { kafka } from '@holdfast/testing'
import client from 'kafkajs'

console.log('node', process.version)
const cluster = await kafka({ log: console.log })
const admin = new client.Kafka({ brokers: [...cluster.brokers], logLevel: 0 })
const setUp = admin.admin()
await setUp.connect()
await setUp.createTopics({ topics: [{ topic: 'greetings', numPartitions: 2, replicationFactor: 1 }] })
await setUp.disconnect()
const producer = admin.producer({ createPartitioner: client.Partitioners.DefaultPartitioner })
await producer.connect()
await producer.send({ topic: 'greetings', messages: [{ value: '"hello"' }] })
await producer.disconnect()
const consumer = createConsumer({
  driver: kafkajs({ brokers: cluster.brokers }),
  groupId: 'node-22',
  handlers: [on('greetings', { value: json() }, ({ value }) => { console.log('handled', value); void consumer.stop() })],
})
await consumer.run()
console.log(typeof consumersOf, consumer.status().state)
const isolated = createConsumer({
  driver: kafkajs({ brokers: cluster.brokers }),
  groupId: 'node-22-threads',
  handlers: [on('greetings', { value: json(), isolate: 'thread' }, new URL('./handler.ts', import.meta.url))],
})
isolated.on('record:settled', () => void isolated.stop())
await isolated.run()
const flags = ['--topic', 'greetings', '--group-id', 'judged', '--max-messages', '1']
const program = 'node_modules/.bin/verifiable-consumer'
console.log(execFileSync(process.execPath, [program, '--bootstrap-server', cluster.brokers.join(), ...flags], { encoding: 'utf8' }))
await cluster.stop()
`

/** Found as `handler.ts`, which is not there. */
const HANDLER = `
import { isMainThread } from 'node:worker_threads'
export default ({ value }, { logger }) => logger.info({ value, isMainThread }, 'handled in a thread')
`

const folder = mkdtempSync(join(tmpdir(), 'holdfast-node-22-'))
try {
  const tarballs = packAll(folder)
  const dependencies = Object.fromEntries(tarballs.map(({ name, tarball }) => [name, `file:${tarball}`]))
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { ...dependencies, kafkajs: '2.2.4', node: '22' },
    overrides: dependencies,
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(folder, 'program.mjs'), PROGRAM)
  writeFileSync(join(folder, 'handler.js'), HANDLER)
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' })
  execFileSync(join(folder, 'node_modules/.bin/node'), ['program.mjs'], { cwd: folder, stdio: 'inherit' })
} finally {
  rmSync(folder, { recursive: true })
}
