import type { PartitionAssignmentStrategy } from '@holdfast/core'
import type { KafkajsOptions } from '@holdfast/kafkajs'
import { z } from 'zod'
import { type LookUpTime, parseLookUpTime } from './look-up/look-up-time.ts'

/** What a worker is told by its environment. */
export interface WorkerSettings {
  readonly kafka: KafkajsOptions
  readonly databaseUrl: string | undefined
  /** Where it is written down which mails are sent; undefined for the database. */
  readonly redisUrl: string | undefined
  readonly smtpUrl: string | undefined
  readonly from: string
  readonly lookUpTime: LookUpTime
  readonly sessionTimeoutMs: number
  /** How the members share the partitions; undefined for holdfast's default. */
  readonly strategies: readonly PartitionAssignmentStrategy[] | undefined
  /** The name under which this worker comes back after a restart. */
  readonly groupInstanceId: string | undefined
  /** Where it is noted which requests are begun, so that one that kills its worker is found; undefined for nowhere. */
  readonly startsDirectory: string | undefined
  /** The request at which the worker dies; for the demo. */
  readonly fatalRequest: string | undefined
  /** Where probes are served; undefined for nowhere. */
  readonly health: { readonly port: number; readonly host: string } | undefined
  readonly logLevel: string
}

const Environment = z.object({
  KAFKA_BROKERS: z.string('must be set: host:port, several separated by commas'),
  KAFKA_TLS: z.stringbool().default(false),
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).default('scram-sha-512'),
  KAFKA_USERNAME: z.string().optional(),
  KAFKA_PASSWORD: z.string().default(''),
  DATABASE_URL: z.string().optional(),
  REDIS_URL: z.string().optional(),
  SMTP_URL: z.string().optional(),
  MAIL_FROM: z.string().default('Mail sender <no-reply@mail-sender.example>'),
  LOOK_UP_TIME: z.string().default('0'),
  SESSION_TIMEOUT_MS: z.coerce.number().int().positive().default(45_000),
  ASSIGNMENT_STRATEGY: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(['cooperative-sticky', 'sticky', 'range', 'roundrobin'])))
    .optional(),
  GROUP_INSTANCE_ID: z.string().optional(),
  STARTS_DIRECTORY: z.string().optional(),
  DEMO_FATAL_REQUEST: z.string().optional(),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  HEALTH_HOST: z.string().default('127.0.0.1'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
})

/** @throws naming each variable that is missing or wrong; values are not shown, for some are secrets */
export function workerSettings(env: NodeJS.ProcessEnv): WorkerSettings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const result = Environment.safeParse(given)
  if (!result.success) {
    throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'))
  }
  const { data } = result
  return {
    kafka: kafkaOptions(data),
    databaseUrl: data.DATABASE_URL,
    redisUrl: data.REDIS_URL,
    smtpUrl: data.SMTP_URL,
    from: data.MAIL_FROM,
    lookUpTime: parseLookUpTime(data.LOOK_UP_TIME),
    sessionTimeoutMs: data.SESSION_TIMEOUT_MS,
    strategies: data.ASSIGNMENT_STRATEGY,
    groupInstanceId: data.GROUP_INSTANCE_ID,
    startsDirectory: data.STARTS_DIRECTORY,
    fatalRequest: data.DEMO_FATAL_REQUEST,
    health: data.HEALTH_PORT === undefined ? undefined : { port: data.HEALTH_PORT, host: data.HEALTH_HOST },
    logLevel: data.LOG_LEVEL,
  }
}

function kafkaOptions(env: z.infer<typeof Environment>): KafkajsOptions {
  const { KAFKA_USERNAME: username, KAFKA_PASSWORD: password, KAFKA_SASL_MECHANISM: mechanism } = env
  return {
    clientId: 'mail-sender',
    brokers: env.KAFKA_BROKERS.split(','),
    ssl: env.KAFKA_TLS,
    ...(username === undefined ? {} : { sasl: { mechanism, username, password } }),
  }
}
