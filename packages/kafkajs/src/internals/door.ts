import { HoldfastError } from '@holdfast/core'
import type {
  BrokerInternals,
  ClusterInternals,
  FetchRequest,
  FetchResponse,
  GroupProtocol,
  Identity,
} from './cluster.ts'
import { decodeFetches } from './decode/decode-fetches.ts'
import type { DecodeOptions } from './decode/fetch-response.ts'
import { nameMember } from './static-member.ts'

/** What the driver does around the requests of its consumer. */
export interface DoorHooks {
  /** How fetch responses are read. */
  readonly decoding: DecodeOptions
  /** The name under which this member comes back after a restart, if it has one. */
  readonly groupInstanceId: string | undefined
  /** Awaited before every JoinGroup, on every path; a join that is repeated asks again. */
  beforeJoin(broker: BrokerInternals, memberId: string): Promise<void>
  /** What the member supports and owns, as of now. */
  protocols(): readonly GroupProtocol[]
  /** Gets a request on which kafkajs waits for the group. */
  waiting<T>(answer: Promise<T>): Promise<T>
  joined(identity: Identity, broker: BrokerInternals): void
  /** Awaited after every SyncGroup, before kafkajs looks at the assignment. */
  synced(broker: BrokerInternals, memberAssignment: Buffer): Promise<void>
  leaving(): void
  /** Whether this member wants to join again. */
  wantsRejoin(): boolean
  fetch(request: FetchRequest, send: (request: FetchRequest) => Promise<FetchResponse>): Promise<FetchResponse>
}

const asides = new WeakSet<FetchRequest>()

/** A request that is no part of what the consumer fetches: the door lets it pass as it is, and its answer as well. */
export function aside<Request extends FetchRequest>(request: Request): Request {
  asides.add(request)
  return request
}

/**
 * The one door to the group and the log: kafkajs asks its cluster for a broker before every request, the coordinator
 * included, so what `findBroker` answers is what it joins, commits and fetches through. The cluster belongs to this
 * consumer alone.
 */
export function openDoor(cluster: ClusterInternals, hooks: DoorHooks): void {
  const findBroker = cluster.findBroker.bind(cluster)
  const doors = new WeakMap<BrokerInternals, BrokerInternals>()
  const brokers = new WeakSet<BrokerInternals>()
  cluster.findBroker = async (target) => {
    const broker = await findBroker(target)
    if (brokers.has(broker)) return broker
    const door = doors.get(broker) ?? doorOf(broker, hooks)
    doors.set(broker, door)
    brokers.add(door)
    return door
  }
}

function doorOf(broker: BrokerInternals, hooks: DoorHooks): BrokerInternals {
  const { groupInstanceId } = hooks
  const name = (): void => {
    if (groupInstanceId !== undefined) nameMember(broker, groupInstanceId)
  }
  const guarded: Partial<BrokerInternals> = {
    async joinGroup(request) {
      await hooks.beforeJoin(broker, request.memberId)
      name()
      const response = await hooks.waiting(broker.joinGroup({ ...request, groupProtocols: hooks.protocols() }))
      const { memberId, generationId, groupProtocol } = response
      hooks.joined({ memberId, generationId, groupProtocol }, broker)
      return response
    },
    async syncGroup(request) {
      name()
      const response = await hooks.waiting(broker.syncGroup(request))
      await final(hooks.synced(broker, response.memberAssignment))
      return response
    },
    async heartbeat(request) {
      if (hooks.wantsRejoin()) throw rejoin()
      name()
      return broker.heartbeat(request)
    },
    async leaveGroup(request) {
      hooks.leaving()
      // A member with a name comes back under it, or its session ends.
      return groupInstanceId === undefined ? broker.leaveGroup(request) : undefined
    },
    async fetch(request) {
      decodeFetches(broker, hooks.decoding)
      if (asides.has(request)) return broker.fetch(request)
      if (hooks.wantsRejoin()) throw rejoin()
      return final(hooks.fetch(request, (aligned) => broker.fetch(aligned)))
    },
  }
  return new Proxy(broker, {
    get(target, property) {
      const own = guarded[property as keyof BrokerInternals]
      if (own !== undefined) return own
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** kafkajs tries again whatever does not say otherwise; an error of ours that is not to be retried says so. */
async function final<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof HoldfastError && !error.retryable) Object.assign(error, { retriable: false })
    throw error
  }
}

/** The answer on which kafkajs joins again by itself, with the member id that it has. */
function rejoin(): Error {
  return Object.assign(new Error('this member gave partitions up'), { type: 'REBALANCE_IN_PROGRESS' })
}
