import type { ConsumerOptions, HandlerDefinition, Logger } from '@holdfast/core'
import { kafkajs } from '@holdfast/kafkajs'
import { groupOptions } from './group-flags.ts'
import type { WorkerSettings } from './settings.ts'

/** Commits follow closely, so that a kill leaves little to repeat and the samples see many of them. */
const COMMIT_INTERVAL = { records: 100, ms: 200 }
const FETCH_MAX_WAIT_MS = 100

/** Every option of every worker. */
export function workerOptions(
  settings: WorkerSettings,
  handlers: readonly HandlerDefinition[],
  logger: Logger,
): ConsumerOptions {
  const { brokers, groupId, tuning, group, role } = settings
  return {
    driver: kafkajs({ brokers, clientId: role }),
    groupId,
    handlers,
    logger,
    delivery: 'at-least-once',
    order: 'key',
    commitInterval: COMMIT_INTERVAL,
    fetchMaxWaitMs: FETCH_MAX_WAIT_MS,
    ...tuning,
    ...groupOptions(group, role),
  }
}
