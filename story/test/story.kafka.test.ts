import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectClients } from 'holdfast-chaos/clients'
import { expect, inject, test } from 'vitest'
import { holdfast } from '../src/arms/holdfast.ts'
import { rawEachBatch } from '../src/arms/raw-each-batch.ts'
import { GroupLog } from '../src/group-log/group-log.ts'
import { drawRequests } from '../src/requests/mail-request.ts'
import { runArm } from '../src/run/run-arm.ts'

/** Few requests on few partitions: a second poll of kafkajs is longer than its session, and holdfast is soon done. */
const SCENE = { requests: drawRequests(60, 1), requestsPerSecond: 20, partitions: 2, seconds: 10 }

test('look-ups that are longer than a poll may be cost a naive member its membership, and holdfast nothing', async () => {
  const brokers = inject('kafkaBrokers')
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-story-'))
  await using clients = await connectClients(brokers)
  await using groupLog = await GroupLog.follow(brokers)
  const stage = { ...SCENE, brokers, clients, groupLog, folder }
  const [naive, ours] = await Promise.all([runArm(rawEachBatch, stage), runArm(holdfast, stage)])
  expect(naive.rebalances + naive.duplicates).toBeGreaterThan(0)
  expect(naive.delivered).toBeLessThan(naive.requested)
  expect(ours).toMatchObject({ requested: 60, delivered: 60, duplicates: 0, rebalances: 0 })
  expect(ours.commits).toBeGreaterThan(0)
  rmSync(folder, { recursive: true })
})
