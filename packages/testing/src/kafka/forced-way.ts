import type { KafkaVia } from './cluster.ts'
import { ProvisioningError } from './provisioning-error.ts'

export interface ForcedWay {
  readonly via: KafkaVia | undefined
  /** With KAFKA_BROKERS set to what HOLDFAST_KAFKA names, if it names brokers. */
  readonly env: NodeJS.ProcessEnv
}

/** Reads HOLDFAST_KAFKA: `docker`, `jvm`, or the brokers as `host:port[,…]` or `kafka://…`. */
export function forcedWay(env: NodeJS.ProcessEnv): ForcedWay {
  const value = env.HOLDFAST_KAFKA
  if (!value) return { via: undefined, env }
  if (value === 'docker' || value === 'jvm') return { via: value, env }
  if (/:\d+/.test(value)) return { via: 'external', env: { ...env, KAFKA_BROKERS: value } }
  throw new ProvisioningError(
    'KAFKA_OPTION_INVALID',
    `HOLDFAST_KAFKA is "${value}": it may be docker, jvm, or brokers as host:port`,
  )
}
