import type { BrokerInternals, ClusterInternals, FetchRequest, FetchResponse, Identity } from './cluster.ts'

/** What the driver does around the requests of its consumer. */
export interface DoorHooks {
  /** Awaited before every JoinGroup, on every path; a join that is repeated asks again. */
  beforeJoin(broker: BrokerInternals, memberId: string): Promise<void>
  joined(identity: Identity): void
  /** Awaited after every SyncGroup, before kafkajs looks at the assignment. */
  synced(broker: BrokerInternals, memberAssignment: Buffer): Promise<void>
  leaving(): void
  fetch(request: FetchRequest, send: (request: FetchRequest) => Promise<FetchResponse>): Promise<FetchResponse>
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
  const guarded: Partial<BrokerInternals> = {
    async joinGroup(request) {
      await hooks.beforeJoin(broker, request.memberId)
      const response = await broker.joinGroup(request)
      hooks.joined({ memberId: response.memberId, generationId: response.generationId })
      return response
    },
    async syncGroup(request) {
      const response = await broker.syncGroup(request)
      await hooks.synced(broker, response.memberAssignment)
      return response
    },
    leaveGroup(request) {
      hooks.leaving()
      return broker.leaveGroup(request)
    },
    fetch: (request) => hooks.fetch(request, (aligned) => broker.fetch(aligned)),
  }
  return new Proxy(broker, {
    get(target, name) {
      const own = guarded[name as keyof BrokerInternals]
      if (own !== undefined) return own
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
