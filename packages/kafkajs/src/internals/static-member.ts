import type { BrokerInternals, LookupRequest } from './cluster.ts'

/** JoinGroup, Heartbeat, LeaveGroup and SyncGroup: kafkajs encodes their instance id, and never passes one. */
const MEMBER_REQUESTS: ReadonlySet<number> = new Set([11, 12, 13, 14])
const named = new WeakSet<LookupRequest>()

/** Makes every request about the member carry its instance id (KIP-345). A broker that reconnects forgets it. */
export function nameMember(broker: BrokerInternals, groupInstanceId: string): void {
  const { lookupRequest } = broker
  if (named.has(lookupRequest)) return
  const withName: LookupRequest = (apiKey, definition) => {
    const make = lookupRequest(apiKey, definition)
    return MEMBER_REQUESTS.has(apiKey) ? (fields) => make({ ...fields, groupInstanceId }) : make
  }
  named.add(withName)
  broker.lookupRequest = withName
}
