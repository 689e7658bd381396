import type { SaslCredentials } from './options.ts'

export type Properties = Record<string, string | number>

export interface Listener {
  readonly name: string
  /** Where the broker listens. */
  readonly bind: string
  /** What clients are told. */
  readonly advertised: string
  readonly protocol: 'PLAINTEXT' | 'SASL_PLAINTEXT'
}

export interface NodeSettings {
  readonly id: number
  readonly brokers: 1 | 3
  /** `host:port` of the controller, which is part of broker 1. */
  readonly controller: string
  readonly listeners: readonly Listener[]
  readonly interBrokerListener: string
  readonly logDir: string
  readonly sasl: SaslCredentials | undefined
  readonly optimise: 'startup' | 'throughput'
}

/** A user's value is appended to these, since the broker's own listeners have to stay. */
const APPENDED = ['listeners', 'advertised.listeners', 'listener.security.protocol.map']

/** `server.properties` of one node, as a table; `extra` wins. */
export function brokerProperties(node: NodeSettings, extra: Readonly<Properties>): Properties {
  const properties: Properties = {
    ...testDefaults(node),
    ...replication(node.brokers),
    ...identity(node),
    ...(node.sasl === undefined ? {} : saslPlain(node.sasl)),
  }
  for (const [key, value] of Object.entries(extra))
    properties[key] = APPENDED.includes(key) ? `${properties[key]},${value}` : value
  return properties
}

export function renderProperties(properties: Readonly<Properties>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${String(value).replaceAll('\\', '\\\\')}\n`)
    .join('')
}

function identity({ id, controller, listeners, interBrokerListener, logDir }: NodeSettings) {
  const isController = id === 1
  const bound = listeners.map(({ name, bind }) => `${name}://${bind}`)
  const protocols = listeners.map(({ name, protocol }) => `${name}:${protocol}`)
  return {
    'process.roles': isController ? 'broker,controller' : 'broker',
    'node.id': id,
    'controller.quorum.voters': `1@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': interBrokerListener,
    listeners: [...bound, ...(isController ? [`CONTROLLER://${controller}`] : [])].join(),
    'advertised.listeners': listeners.map((one) => `${one.name}://${one.advertised}`).join(),
    'listener.security.protocol.map': ['CONTROLLER:PLAINTEXT', ...protocols].join(),
    'log.dirs': logDir,
  }
}

function replication(brokers: 1 | 3): Properties {
  const factor = brokers
  const minIsr = brokers === 3 ? 2 : 1
  return {
    'default.replication.factor': factor,
    'min.insync.replicas': minIsr,
    'offsets.topic.replication.factor': factor,
    'offsets.topic.num.partitions': brokers,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': minIsr,
    'transaction.state.log.num.partitions': brokers,
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': minIsr,
    'share.coordinator.state.topic.num.partitions': brokers,
    // A killed broker has to be given up before a test does so, and may register again only then.
    // A single one shares its process with the controller, so load cannot set them apart.
    'broker.heartbeat.interval.ms': 300,
    'broker.session.timeout.ms': brokers === 3 ? 2_000 : 1_000,
  }
}

function testDefaults({ optimise }: NodeSettings): Properties {
  const threads = optimise === 'throughput' ? 4 : 2
  return {
    // A topic that nobody created is a mistake a test should see.
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 500,
    // Records keep their place whatever timestamps a test gives them.
    'log.retention.ms': -1,
    // The default takes 128 MB of heap.
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    'log.index.size.max.bytes': 1_048_576,
    'num.network.threads': threads / 2,
    'num.io.threads': threads,
    'background.threads': 2,
  }
}

function saslPlain({ username, password }: SaslCredentials): Properties {
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  return {
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl.plain.sasl.jaas.config': `${login} user_${username}="${password}";`,
  }
}
