import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { on } from '@holdfast/core'
import { kafka } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'
import { Worker } from '../support/worker.ts'

test('a broker that dies and comes back in mid-stream costs no record and no crash', async () => {
  await using broker = await kafka({ env: { ...process.env, KAFKA_BROKERS: '' } })
  const seen = new Set<string>()
  const crashes: unknown[] = []
  await using cluster = await TestCluster.connect(broker.brokers)
  const topic = await cluster.createTopic(2)
  await cluster.produceNumbers(topic, 200, 2)
  const consumer = testConsumer(broker.brokers, {
    groupId: topic,
    sessionTimeoutMs: 20_000,
    commitInterval: { records: 10, ms: 50 },
    handlers: [
      on(topic, async ({ value }) => {
        await sleep(5)
        seen.add(String(value))
      }),
    ],
  })
  consumer.on('driver:crashed', (event) => crashes.push(event))
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-restart-'))
  const settings = { brokers: broker.brokers, topic, groupId: `${topic}-process`, effects: join(folder, 'effects') }
  const worker = new Worker({ ...settings, delivery: 'at-least-once', order: 'partition', handlerMs: 1 })
  await worker.joined()
  await whileRunning(consumer, async () => {
    await until(
      'some records',
      () => seen.size,
      (size) => size > 40,
    )
    await broker.kill()
    await broker.start()
    await cluster.produceNumbers(topic, 200, 2, 200)
    await until(
      'all records',
      () => seen.size,
      (size) => size === 400,
      45_000,
    )
    await until(
      'the end of the log',
      () => cluster.committed(topic, topic),
      (offsets) => offsets.every((offset) => offset === 200),
    )
  })
  expect(crashes).toEqual([])
  await until(
    'the commits of the process',
    () => cluster.committed(settings.groupId, topic),
    (offsets) => offsets.every((offset) => offset === 200),
  )
  // Connections and timers of before the restart would keep it from ending.
  const end = worker.kill('SIGTERM')
  const code = await Promise.race([end, sleep(10_000, 'still there', { ref: false })])
  if (code === 'still there') await worker.kill()
  rmSync(folder, { recursive: true })
  expect(code).toBe(0)
}, 90_000)
