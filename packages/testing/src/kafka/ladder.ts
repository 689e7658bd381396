import { clusterOf, type KafkaCluster, type KafkaVia, type RunningKafka } from './cluster.ts'
import type { KafkaRequest } from './options.ts'
import { ProvisioningError, type TriedWay } from './provisioning-error.ts'
import type { Way } from './way.ts'

/** Tries the ways in order, or only the forced one, and tells of it in one line. */
export async function climb(
  ways: readonly Way[],
  forced: KafkaVia | undefined,
  request: KafkaRequest,
): Promise<KafkaCluster> {
  const tried: TriedWay[] = []
  const passed: string[] = forced === undefined ? [] : ['HOLDFAST_KAFKA asks for it']
  for (const [index, way] of ways.entries()) {
    if (forced !== undefined && way.via !== forced) continue
    const outcome = await way.bringUp(request)
    if ('up' in outcome) {
      const later = forced === undefined ? ways.slice(index + 1) : []
      const description = describe(outcome.up, [...passed, ...later.map(notNeeded)])
      request.log(description)
      return clusterOf(outcome.up, description)
    }
    const { absent: reason, remedy } = outcome
    tried.push({ way: way.label, reason, ...(remedy === undefined ? {} : { remedy }) })
    passed.push(reason)
  }
  const asked = forced === undefined ? '' : ' (HOLDFAST_KAFKA allows this way only)'
  throw new ProvisioningError('KAFKA_NOT_FOUND', `no Kafka could be brought up${asked}:`, tried)
}

function describe({ title }: RunningKafka, reasons: readonly string[]): string {
  return [`kafka: ${title}`, ...reasons].join(' · ').replaceAll(/\s*\n\s*/g, ' ')
}

function notNeeded({ label }: Way): string {
  return `${label} was not needed`
}
