import { CLUSTER_ID } from '../cluster-id.ts'
import type { KafkaRequest } from '../options.ts'
import { brokerProperties, type Listener, renderProperties } from '../properties.ts'

/** Ports inside the container. */
export const PLAIN_PORT = 9092
export const SASL_PORT = 9093
const INTERNAL = 'localhost:9094'
const CONTROLLER = 'localhost:9095'

const SETTINGS = '/tmp/server.properties'
const DATA = '/tmp/holdfast-data'

export const START_SCRIPT = '/tmp/start-kafka.sh'
/** What the start script prints first. */
export const STARTED_LINE = 'holdfast: starting'

export interface ContainerAddresses {
  /** What clients outside the container use. */
  readonly plain: string
  readonly sasl: string | undefined
}

export interface ContainerFile {
  readonly target: string
  readonly content: string
  readonly mode: number
}

export function containerFiles(request: KafkaRequest, addresses: ContainerAddresses): ContainerFile[] {
  const { brokers, optimise, sasl, properties } = request
  const settings = brokerProperties(
    {
      id: 1,
      brokers,
      controller: CONTROLLER,
      listeners: listeners(addresses),
      interBrokerListener: 'INTERNAL',
      logDir: DATA,
      sasl,
      optimise,
    },
    properties,
  )
  return [
    { target: SETTINGS, content: renderProperties(settings), mode: 0o644 },
    { target: START_SCRIPT, content: startScript(request), mode: 0o755 },
  ]
}

function listeners({ plain, sasl }: ContainerAddresses): Listener[] {
  const all: Listener[] = [
    {
      name: 'PLAINTEXT',
      protocol: 'PLAINTEXT',
      bind: `0.0.0.0:${PLAIN_PORT}`,
      advertised: plain,
    },
    // What clients are told does not lead anywhere inside the container, and a broker connects to
    // itself to end a transaction.
    { name: 'INTERNAL', protocol: 'PLAINTEXT', bind: INTERNAL, advertised: INTERNAL },
  ]
  if (sasl !== undefined)
    all.push({
      name: 'SASL',
      protocol: 'SASL_PLAINTEXT',
      bind: `0.0.0.0:${SASL_PORT}`,
      advertised: sasl,
    })
  return all
}

/** Formats by StorageTool, since the image may hold another version of Kafka. */
function startScript({ heapMb, optimise }: KafkaRequest): string {
  const compiler = optimise === 'startup' ? ' -XX:TieredStopAtLevel=1' : ''
  const java = `java -XX:+UseSerialGC${compiler} -cp '/opt/kafka/libs/*'`
  const format = `kafka.tools.StorageTool format --cluster-id ${CLUSTER_ID} --config ${SETTINGS}`
  return `set -e
echo '${STARTED_LINE}'
[ -e ${DATA}/meta.properties ] || ${java} -Xmx128m ${format}
exec ${java} -Xmx${heapMb}m -XX:+ExitOnOutOfMemoryError kafka.Kafka ${SETTINGS}
`
}
