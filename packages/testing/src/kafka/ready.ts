import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

import { hardenKafkajs } from '@holdfast/kafkajs'
import kafkajs, { type Admin } from 'kafkajs'

import { within } from './deadline.ts'
import { messageOf, ProvisioningError } from './provisioning-error.ts'
import { roundTrip } from './round-trip.ts'

const { Kafka, logLevel } = kafkajs

const POLL_MS = 50
const ATTEMPT_MS = 15_000
const COORDINATOR_NAMES = 24

export interface Readiness {
  /** `host:port` of the brokers that should answer. */
  readonly brokers: readonly string[]
  /** How many brokers have to be registered. @default one per address */
  readonly least?: number
  /**
   * What is asked beyond accepted connections: `registered` that the brokers are known to their controller,
   * `served` that a client produces and fetches, `whole` that every partition of every topic has
   * its leader and all its replicas in sync as well, and that every coordinator answers.
   */
  readonly depth: 'registered' | 'served' | 'whole'
  readonly deadlineMs: number
  /** Says why waiting longer is of no use, if so. */
  readonly failure?: () => Promise<string | undefined>
}

/**
 * Resolves when a client has produced and, as a member of a group, fetched. A broker that merely
 * listens may still answer "does not host this topic-partition" and "coordinator not available".
 * @throws ProvisioningError `KAFKA_NOT_READY`
 */
export async function untilReady(readiness: Readiness): Promise<void> {
  const end = performance.now() + readiness.deadlineMs
  let last = 'nothing accepts connections'
  while (performance.now() < end) {
    const failure = await readiness.failure?.()
    if (failure !== undefined) throw notReady(readiness, failure)
    const left = Math.min(ATTEMPT_MS, end - performance.now())
    const outcome = await within(left, attempt(readiness)).catch(messageOf)
    if (outcome === undefined) return
    last = outcome
    await delay(POLL_MS)
  }
  throw notReady(readiness, `not ready within ${readiness.deadlineMs} ms; last: ${last}`)
}

function notReady({ brokers }: Readiness, reason: string): ProvisioningError {
  return new ProvisioningError('KAFKA_NOT_READY', `Kafka at ${brokers.join()}: ${reason}`)
}

/** Undefined when ready; otherwise, by value or by rejection, why not. */
async function attempt({ brokers, least = brokers.length, depth }: Readiness): Promise<string | undefined> {
  // kafkajs backs off for long after a refused connection; knocking first avoids that.
  const open = await Promise.all(brokers.map(accepts))
  if (open.includes(false)) return 'nothing accepts connections'
  hardenKafkajs()
  const client = new Kafka({
    clientId: 'holdfast-ready',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    retry: { initialRetryTime: 50, maxRetryTime: 250, retries: 8 },
  })
  const admin = client.admin()
  try {
    await admin.connect()
    const registered = (await admin.describeCluster()).brokers.length
    if (registered < least) return `${registered} of ${least} brokers are registered`
    if (depth === 'registered') return undefined
    await roundTrip(client, admin, registered)
    if (depth === 'served') return undefined
    await askCoordinators(admin)
    return await findBrokenTopic(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Rejects while one is still loading its groups. Enough names fall on every partition of theirs. */
async function askCoordinators(admin: Admin): Promise<void> {
  const names = Array.from({ length: COORDINATOR_NAMES }, (_, index) => `__holdfast_ready_${index}`)
  await admin.describeGroups(names)
}

async function findBrokenTopic(admin: Admin): Promise<string | undefined> {
  const { topics } = await admin.fetchTopicMetadata()
  const broken = topics.find(({ partitions }) =>
    partitions.some(({ leader, isr, replicas }) => leader < 0 || isr.length < replicas.length),
  )
  return broken && `${broken.name} has a partition without its leader or all its replicas`
}

function accepts(address: string): Promise<boolean> {
  const [host, port] = splitAddress(address)
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 })
    const settle = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
    socket.once('timeout', () => settle(false))
  })
}

function splitAddress(address: string): [host: string, port: number] {
  const colon = address.lastIndexOf(':')
  return [address.slice(0, colon).replace(/^\[|\]$/g, ''), Number(address.slice(colon + 1))]
}
