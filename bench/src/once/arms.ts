import { postgresTransactionWay } from './postgres-transaction.ts'
import type { OnceSettings } from './settings.ts'
import { memoryWay, postgresSingleWay, postgresWay, redisWay } from './stores.ts'
import { kafkaTransactionWay } from './transaction.ts'
import type { Way } from './way.ts'

export const REFERENCE = 'at-least-once'
export const SINGLE = 'Postgres, one by one'
export const BATCHED = 'Postgres, gathered'
const IN_TRANSACTION = 'Postgres transaction'

const nothing = async (): Promise<void> => undefined

async function atLeastOnceWay(): Promise<Way> {
  return { options: { delivery: 'at-least-once' }, roundTrips: () => 0, check: nothing, close: nothing }
}

/** Every way of making effects once has an arm here, in the order of the report, and its promise in `bars.ts` if it has one. */
export const ONCE_ARMS = {
  [REFERENCE]: atLeastOnceWay,
  memory: memoryWay,
  Redis: redisWay,
  [SINGLE]: postgresSingleWay,
  [BATCHED]: postgresWay,
  [IN_TRANSACTION]: postgresTransactionWay,
  'Kafka transaction': kafkaTransactionWay,
} as const satisfies Readonly<Record<string, (settings: OnceSettings) => Promise<Way>>>

export type ArmName = keyof typeof ONCE_ARMS
export const ARM_NAMES = Object.keys(ONCE_ARMS) as readonly ArmName[]

/** These go to the database for each record: they read a shorter topic, so that they take about as long as the others. */
export const SHORT_ARMS: readonly ArmName[] = [SINGLE, IN_TRANSACTION]
