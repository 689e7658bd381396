import { ProvisioningError } from './provisioning-error.ts'

/** A user of the SASL listener, mechanism PLAIN; neither may hold quotes or backslashes. */
export interface SaslCredentials {
  readonly username: string
  readonly password: string
}

/** Options of `kafka`. */
export interface KafkaOptions {
  /**
   * One broker, or three with replication factor 3 and `min.insync.replicas` 2. Broker 1 is the
   * only controller of three: failover tests kill broker 2 or 3.
   * @default 1
   */
  brokers?: 1 | 3
  /**
   * Broker properties on top of the defaults for tests. `listeners`, `advertised.listeners` and
   * `listener.security.protocol.map` are appended to those of the broker.
   */
  properties?: Record<string, string | number>
  /** Adds a SASL_PLAINTEXT listener (mechanism PLAIN) for this user; see `saslBrokers`. */
  sasl?: SaslCredentials
  /** Receives the line that says which way was taken. @default writes to stderr */
  log?: (line: string) => void
  /** @default process.env */
  env?: NodeJS.ProcessEnv
  /** Heap of each broker in MiB. @default 256, 512 for `throughput` */
  heapMb?: number
  /**
   * `startup` keeps the JVM at its quick compiler: up sooner, lower peak rate. `throughput` is for
   * benchmarks.
   * @default 'startup'
   */
  optimise?: 'startup' | 'throughput'
  /**
   * The first start of a machine takes some seconds more, to keep the classes of the broker's JVM in the user's cache folder
   * (50 MiB): later starts, with this option or without, take half the time. For the local JVM; elsewhere it changes nothing.
   * @default false
   */
  keepClasses?: boolean
}

/** The options with every default filled in. */
export interface KafkaRequest {
  readonly brokers: 1 | 3
  readonly properties: Readonly<Record<string, string | number>>
  readonly sasl: SaslCredentials | undefined
  readonly log: (line: string) => void
  readonly env: NodeJS.ProcessEnv
  readonly heapMb: number
  readonly optimise: 'startup' | 'throughput'
  readonly keepClasses: boolean
}

export function resolveOptions(options: KafkaOptions): KafkaRequest {
  const { brokers = 1, optimise = 'startup', keepClasses = false, sasl } = options
  if (brokers !== 1 && brokers !== 3)
    throw new ProvisioningError('KAFKA_OPTION_INVALID', `brokers is ${String(brokers)}: it may be 1 or 3`)
  if (sasl !== undefined && /["\\]/.test(sasl.username + sasl.password))
    throw new ProvisioningError(
      'KAFKA_OPTION_INVALID',
      'sasl: user name and password may hold neither quotes nor backslashes',
    )
  return Object.freeze({
    brokers,
    optimise,
    keepClasses,
    sasl,
    properties: { ...options.properties },
    log: options.log ?? ((line: string) => void process.stderr.write(`${line}\n`)),
    env: options.env ?? process.env,
    heapMb: options.heapMb ?? (optimise === 'throughput' ? 512 : 256),
  })
}
