import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Clients, createTopics } from 'holdfast-chaos/clients'
import type { Arm } from '../arms/arm.ts'
import type { GroupLog } from '../group-log/group-log.ts'
import type { GroupRecord } from '../group-log/group-record.ts'
import type { MailRequest } from '../requests/mail-request.ts'
import { RequestProducer } from '../requests/request-producer.ts'
import type { ArmResult, LagSample } from './arm-result.ts'
import { Deliveries } from './deliveries.ts'
import { gatherMembers } from './gather-members.ts'

const SAMPLE_MS = 250

export interface Stage {
  readonly brokers: readonly string[]
  readonly clients: Clients
  readonly groupLog: GroupLog
  readonly requests: readonly MailRequest[]
  readonly requestsPerSecond: number
  readonly partitions: number
  /** An arm that has not delivered and committed all by then ends. */
  readonly seconds: number
  /** Where the logs of the members go. */
  readonly folder: string
}

interface Scene {
  readonly seconds: number
  readonly producer: RequestProducer
  readonly group: GroupRecord
  readonly deliveries: Deliveries
}

/** Forms the arm's group on an empty topic, then produces the requests and counts. */
export async function runArm(arm: Arm, stage: Stage): Promise<ArmResult> {
  const { brokers, clients, groupLog, requests, requestsPerSecond, partitions, seconds, folder } = stage
  const name = `story-${arm.name}-${randomUUID().slice(0, 8)}`
  await createTopics(clients.admin, [{ name, partitions }])
  const deliveries = new Deliveries()
  const place = { brokers, topic: name, groupId: name }
  const sent = (id: number): void => deliveries.note(id, performance.now())
  await using members = await gatherMembers(arm, { place, partitions, folder, sent })
  await groupLog.catchUp()
  const group = groupLog.group(name)
  const formedAt = group.generation
  const stream = { topic: name, partitions, requests, perSecond: requestsPerSecond }
  const producer = new RequestProducer(clients.producer, stream)
  const startedMs = performance.now()
  const lag = await produceAndWatch({ seconds, producer, group, deliveries }, members.failed)
  const { distinct, duplicates, lastNewMs } = deliveries
  await groupLog.catchUp()
  return {
    arm,
    requested: producer.produced,
    delivered: distinct,
    duplicates,
    rebalances: group.generation - formedAt,
    commits: group.commits,
    recordsPerSecond: distinct / (distinct === requests.length ? (lastNewMs - startedMs) / 1_000 : seconds),
    lag,
  }
}

async function produceAndWatch(scene: Scene, failed: Promise<never>): Promise<LagSample[]> {
  const ending = new AbortController()
  const producing = scene.producer.run(ending.signal)
  // That all is produced ends nothing; that it cannot be produced does.
  const unproduced = producing.then(() => new Promise<never>(() => undefined))
  try {
    return await Promise.race([watch(scene, ending.signal), unproduced, failed])
  } finally {
    ending.abort()
    await producing
  }
}

/** Until all is delivered and committed, or time is over. */
async function watch({ seconds, producer, group, deliveries }: Scene, signal: AbortSignal): Promise<LagSample[]> {
  const startedMs = performance.now()
  const samples: LagSample[] = []
  for (;;) {
    const elapsed = (performance.now() - startedMs) / 1_000
    const lag = producer.produced - group.committed
    samples.push({ seconds: elapsed, lag })
    const isDone = producer.isDone && lag === 0 && deliveries.distinct === producer.produced
    if (isDone || elapsed >= seconds || signal.aborted) return samples
    await sleep(Math.min(SAMPLE_MS, (seconds - elapsed) * 1_000))
  }
}
