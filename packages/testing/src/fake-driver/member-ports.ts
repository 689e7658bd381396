import type { CommitFaults } from './fake-commits.ts'
import type { FakeGroup } from './fake-group.ts'
import type { FakeMember } from './fake-member.ts'
import type { ProducerPorts } from './fake-producer.ts'
import type { FakeTransactions } from './fake-transactions.ts'
import type { FetchFaults } from './fetch-faults.ts'
import type { ProduceFaults } from './produce-faults.ts'

/** What the broker is to one of its clients. */
export interface MemberPorts extends ProducerPorts {
  readonly group: FakeGroup
  readonly commitFaults: CommitFaults
  readonly transactions: FakeTransactions
  readonly lookFaults: ProduceFaults
  readonly maxBatchRecords: number
  readonly fetchFaults: FetchFaults
  nextMemberId(): string
  /** The client process runs from now on, until `ended`. */
  started(member: FakeMember): void
  ended(member: FakeMember): void
}
