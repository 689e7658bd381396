import type { DriverContext, DriverFactory } from '@holdfast/core'

/** What the driver contract needs to know of the world a driver lives in. */
export interface DriverEnvironment {
  createTopic(topic: string, partitions: number): Promise<void>
  /** Appends records to one partition of an empty or filled log; resolves when they can be fetched. */
  produce(topic: string, partition: number, values: readonly (string | null)[]): Promise<void>
  /** Appends offsets that are never delivered, such as an aborted transaction; leave it out where that can't be had. */
  produceUndeliverable?(topic: string, partition: number): Promise<void>
  /** What the coordinator has stored for the group; −1 where there is nothing. */
  committed(groupId: string, topic: string, partition: number): Promise<number>
  /** A driver of its own for each call. */
  driver(groupId: string): DriverFactory
  /** Lets so much time pass that whatever is on its way has arrived. */
  quiet(): Promise<void>
  close(): Promise<void>
  /** Settings that fit the environment, as a session time-out that its brokers admit. */
  readonly settings?: Partial<DriverContext>
  /** How long anything may take before its case has failed. @default 30000 */
  readonly deadlineMs?: number
}

export interface DriverCase {
  readonly name: string
  /** Whether the environment must be able to produce offsets that are never delivered. */
  readonly needsUndeliverable?: boolean
  /** Whether the driver must have `transact`. */
  readonly needsTransactions?: boolean
  /** Rejects where the driver breaks the contract. */
  run(environment: DriverEnvironment): Promise<void>
}
