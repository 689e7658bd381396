import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafka } from '@holdfast/testing'
import { longestLookUpMs } from '../look-up/look-up-time.ts'
import { startCatcher } from '../mail/catcher.ts'
import { messageIdOf } from '../mail/message-id.ts'
import { DEAD_TOPIC, GROUP, TOPIC } from '../names.ts'
import { countDeadRequests } from './dead-requests.ts'
import { Deliveries } from './deliveries.ts'
import { demoDatabase } from './demo-database.ts'
import type { DemoOptions } from './demo-options.ts'
import type { Display } from './display.ts'
import { Failures } from './failures.ts'
import { Fleet } from './fleet.ts'
import { connectKafka, type KafkaSide } from './kafka-side.ts'
import { isAtLogEnd, leftOf, type PartitionOffsets } from './offsets.ts'
import type { Progress } from './progress.ts'
import type { Report, Verdict } from './report.ts'
import { sampleRequests } from './sample-requests.ts'
import { Stopwatch } from './stopwatch.ts'
import { Teardown } from './teardown.ts'
import { watchUntilDone } from './watch.ts'

const POLL_MS = 300
const STALL_MS = 60_000

interface Stage {
  readonly brokers: readonly string[]
  readonly kafka: KafkaSide
  readonly topic: string
  readonly deadTopic: string
  readonly groupId: string
  /** Requests that can never be a mail. */
  readonly hopeless: number
  readonly deliveries: Deliveries
  readonly sending: Stopwatch
  readonly fleet: Fleet
}

export interface DemoPorts {
  readonly display: Display
  readonly signal: AbortSignal
  readonly env: NodeJS.ProcessEnv
  /** Gets the means to end the workers at once. */
  onWorkers(kill: () => void): void
}

/** One run, from an empty machine to the report; whatever it brought up is gone when it resolves. */
export async function runDemo(options: DemoOptions, ports: DemoPorts): Promise<Report & Verdict> {
  await using teardown = new Teardown((error) => ports.display.say(`could not be put away: ${error}`))
  const stage = await setStage(options, ports, teardown)
  return await play(options, ports, stage)
}

async function setStage(options: DemoOptions, ports: DemoPorts, teardown: Teardown): Promise<Stage> {
  const { display, signal, env } = ports
  const say = (line: string): void => display.say(line)
  const cluster = teardown.use(await kafka({ env, log: say }))
  signal.throwIfAborted()
  const database = teardown.use(await demoDatabase(options.database, env))
  say(database.description)
  const sample = sampleRequests(options.records)
  const failures = options.hasFailures ? new Failures(sample) : undefined
  const requests = failures?.requests ?? sample
  const deliveries = new Deliveries(requests.map(({ id }) => messageIdOf(id)))
  const sending = new Stopwatch()
  const count = (messageId: string): void => {
    deliveries.record(messageId)
    failures?.noteMail()
    sending.lap()
  }
  const catcher = env.SMTP_URL ? undefined : teardown.use(await startCatcher(count, failures))
  say(
    catcher === undefined
      ? 'smtp: the server of SMTP_URL; the workers count what it took'
      : `smtp: a catcher in this process at ${catcher.url}, which counts`,
  )

  const client = teardown.use(await connectKafka(cluster.brokers))
  const isOurs = cluster.via !== 'external'
  const { topic, deadTopic, groupId } = await createTopics(client, isOurs)
  if (!isOurs) teardown.defer(() => client.remove([topic, deadTopic], groupId))
  await client.produce(topic, [...requests, ...(failures?.repeats ?? [])])
  say(`topic ${topic}: ${requests.length} requests produced`)
  signal.throwIfAborted()
  const fleet = new Fleet({
    count: options.workers,
    // A static member that is back soon has its partitions again, without a session that must time out.
    nameMembers: options.isStatic || options.hasFailures,
    restarts: options.hasFailures,
    say,
    delivered: catcher === undefined ? count : () => undefined,
    joined: () => sending.start(),
    env: {
      ...env,
      KAFKA_BROKERS: cluster.brokers.join(','),
      DATABASE_URL: database.url ?? '',
      SMTP_URL: env.SMTP_URL || catcher?.url,
      LOOK_UP_TIME: options.lookUpTime,
      ...(options.slotsPerWorker === undefined ? {} : { MAIL_CONCURRENCY: String(options.slotsPerWorker) }),
      ...(options.strategy === undefined ? {} : { ASSIGNMENT_STRATEGY: options.strategy }),
      ...(failures === undefined ? {} : await fatalEnvironment(failures, teardown)),
      SESSION_TIMEOUT_MS: String(options.sessionTimeoutMs),
      MAIL_TOPIC: topic,
      MAIL_DEAD_TOPIC: deadTopic,
      MAIL_GROUP: groupId,
    },
  })
  ports.onWorkers(() => fleet.kill())
  teardown.defer(() => fleet.stop())
  const { brokers } = cluster
  return {
    brokers,
    kafka: client,
    topic,
    deadTopic,
    groupId,
    hopeless: failures?.hopeless ?? 0,
    deliveries,
    sending,
    fleet,
  }
}

/** What a worker needs to die of a request, and to be kept from it. */
async function fatalEnvironment({ fatal }: Failures, teardown: Teardown): Promise<NodeJS.ProcessEnv> {
  const directory = await mkdtemp(join(tmpdir(), 'mail-sender-starts-'))
  teardown.defer(() => rm(directory, { recursive: true, force: true }))
  return { STARTS_DIRECTORY: directory, DEMO_FATAL_REQUEST: fatal }
}

/** On a Kafka of somebody's own, topics of these names may hold real requests: then the demo takes other names. */
async function createTopics(
  kafka: KafkaSide,
  isOurs: boolean,
): Promise<{ topic: string; deadTopic: string; groupId: string }> {
  const suffix = isOurs ? '' : `-demo-${randomBytes(3).toString('hex')}`
  const create = async (name: string): Promise<string> => {
    if (await kafka.createTopic(name)) return name
    await kafka.createTopic(`${name}${suffix}`)
    return `${name}${suffix}`
  }
  return { topic: await create(TOPIC), deadTopic: await create(DEAD_TOPIC), groupId: `${GROUP}${suffix}` }
}

async function play(options: DemoOptions, { display, signal }: DemoPorts, stage: Stage): Promise<Report & Verdict> {
  const { brokers, kafka, topic, deadTopic, groupId, hopeless, deliveries, sending, fleet } = stage
  const startedAt = performance.now()
  const elapsed = (): number => Math.round((performance.now() - startedAt) / 100) / 10
  const progress = (partitions: readonly PartitionOffsets[]): Progress => ({
    partitions,
    workerOf: (partition) => fleet.group.workerOf(partition),
    requested: options.records,
    delivered: deliveries.delivered,
    duplicates: deliveries.duplicates,
    seconds: elapsed(),
  })
  const rolling = options.isRolling ? deliveries.first.then(() => fleet.roll()) : undefined
  const endedEarly = await watchUntilDone({
    signal,
    pollMs: POLL_MS,
    stallMs: STALL_MS + 2 * longestLookUpMs(options.lookUpTime),
    offsets: () => kafka.offsets(topic, groupId),
    delivered: () => deliveries.delivered,
    isRunning: () => fleet.isRunning(),
    show: (partitions) => display.show(progress(partitions)),
  })
  const seconds = elapsed()
  if (endedEarly === undefined) await rolling
  const { rebalances } = fleet.group
  await fleet.stop()
  const partitions = await kafka.offsets(topic, groupId)
  display.end({ ...progress(partitions), seconds })
  const { delivered, duplicates } = deliveries
  const dead = (await kafka.count(deadTopic)) === 0 ? 0 : await countDeadRequests(brokers, deadTopic)
  const { outages, deaths } = fleet
  const left = leftOf(partitions)
  const counts = { requested: options.records, delivered, duplicates, dead, left, rebalances, outages, deaths }
  const verdict = { isAtLogEnd: isAtLogEnd(partitions), endedEarly, hopeless }
  return { ...counts, seconds, sendingSeconds: sending.seconds, ...verdict }
}
