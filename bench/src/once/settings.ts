import type { ArmSettings } from '../kafka/arm-settings.ts'
import type { ArmName } from './arms.ts'

/** One pass over a topic in one way of making effects once. */
export interface OnceSettings extends ArmSettings {
  readonly arm: ArmName
  readonly slots: number
  readonly maxPollRecords: number
  /** How long handlers wait; 0 for those that do nothing. */
  readonly waitMs: number
  readonly redisUrl: string
  readonly databaseUrl: string
  /** Where an arm writes that produces records. It has as many partitions as the topic. */
  readonly outputTopic: string
}
