import { randomUUID } from 'node:crypto'

import type { RunningKafka } from '../cluster.ts'
import type { KafkaRequest } from '../options.ts'
import { freePorts } from '../ports.ts'
import { untilReady } from '../ready.ts'
import { containerBroker } from './container-broker.ts'
import {
  type ContainerAddresses,
  containerFiles,
  PLAIN_PORT,
  SASL_PORT,
  START_SCRIPT,
  STARTED_LINE,
} from './container-files.ts'
import { guardContainer } from './container-guard.ts'
import type { Daemon } from './daemon.ts'

const READY_MS = 90_000

/** Starts the container; both it and its data go with `dispose`, or with this process. */
export async function startContainer(request: KafkaRequest, daemon: Daemon, image: string): Promise<RunningKafka> {
  const name = `holdfast-kafka-${randomUUID()}`
  const ports = await freePorts(request.sasl === undefined ? 1 : 2)
  const addresses = addressesOf(daemon, ports)
  const guardDone = guardContainer(name)
  const container = daemon.client.container.getById(name)
  const host = containerBroker(container)
  const running: RunningKafka = {
    via: 'docker',
    title: `Docker (${image}) at ${addresses.plain}`,
    brokers: [addresses.plain],
    saslBrokers: addresses.sasl === undefined ? [] : [addresses.sasl],
    hosts: [host],
    ready: () =>
      untilReady({
        brokers: [addresses.plain],
        depth: 'whole',
        deadlineMs: READY_MS,
        failure: () => host.failure(),
      }),
    async dispose() {
      await container.remove({ force: true, v: true })
      guardDone()
    },
  }
  try {
    await describeContainer(request, daemon, image, { name, ports, addresses }).start()
    await running.ready([host.id])
    return running
  } catch (error) {
    await running.dispose().catch(() => undefined)
    throw error
  }
}

interface Placement {
  readonly name: string
  /** Of the host, for the plain listener and, if there is one, the SASL listener. */
  readonly ports: readonly number[]
  readonly addresses: ContainerAddresses
}

function describeContainer(
  request: KafkaRequest,
  { testcontainers }: Daemon,
  image: string,
  { name, ports, addresses }: Placement,
): InstanceType<Daemon['testcontainers']['GenericContainer']> {
  const { GenericContainer, Wait } = testcontainers
  const [plain = 0, sasl] = ports
  // Chosen ports rather than random ones: a random one changes when the container is restarted.
  const exposed = [
    { container: PLAIN_PORT, host: plain },
    ...(sasl === undefined ? [] : [{ container: SASL_PORT, host: sasl }]),
  ]
  return (
    new GenericContainer(image)
      .withName(name)
      .withExposedPorts(...exposed)
      .withEntrypoint(['sh'])
      .withCommand([START_SCRIPT])
      .withCopyContentToContainer(containerFiles(request, addresses))
      // Whether it is ready is asked by a client afterwards.
      .withWaitStrategy(Wait.forLogMessage(STARTED_LINE))
      .withAutoCleanup(false)
  )
}

function addressesOf({ client }: Daemon, ports: readonly number[]): ContainerAddresses {
  // By number, since localhost may mean ::1 to a client, where Docker need not publish.
  const host = client.info.containerRuntime.host.replace(/^localhost$/, '127.0.0.1')
  const [plain, sasl] = ports
  return { plain: `${host}:${plain}`, sasl: sasl === undefined ? undefined : `${host}:${sasl}` }
}
