import type { KafkaCluster } from './cluster.ts'
import { docker } from './docker/docker.ts'
import { external } from './external.ts'
import { forcedWay } from './forced-way.ts'
import { jvm } from './jvm/jvm.ts'
import { climb } from './ladder.ts'
import { type KafkaOptions, resolveOptions } from './options.ts'

export type { KafkaCluster, KafkaVia } from './cluster.ts'
export type { KafkaOptions, SaslCredentials } from './options.ts'
export { type ProvisioningCode, ProvisioningError, type TriedWay } from './provisioning-error.ts'

/**
 * A Kafka that a client has produced to and fetched from: `KAFKA_BROKERS` if set, otherwise a
 * container when a Docker daemon answers, otherwise a broker on the local JVM.
 * `HOLDFAST_KAFKA=docker`, `jvm` or `host:port` forces one. What this call started ends, and its
 * data goes, with `stop()` or with this process, however that ends.
 *
 * @throws ProvisioningError listing every way tried, why it failed and what to install
 */
export async function kafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const forced = forcedWay(options.env ?? process.env)
  const request = resolveOptions({ ...options, env: forced.env })
  return climb([external, docker, jvm], forced.via, request)
}
