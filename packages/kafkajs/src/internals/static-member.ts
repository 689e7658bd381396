import { amend } from './amendments.ts'
import type { BrokerInternals } from './cluster.ts'

/** JoinGroup, Heartbeat, LeaveGroup and SyncGroup: kafkajs encodes their instance id, and never passes one. */
const MEMBER_REQUESTS: ReadonlySet<number> = new Set([11, 12, 13, 14])

/** Makes every request about the member carry its instance id (KIP-345). */
export function nameMember(broker: BrokerInternals, groupInstanceId: string): void {
  amend(broker, 'instance id', (apiKey, make) =>
    MEMBER_REQUESTS.has(apiKey) ? (fields) => make({ ...fields, groupInstanceId }) : make,
  )
}
