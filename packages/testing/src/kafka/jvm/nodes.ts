import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { BrokerHost } from '../broker-host.ts'
import type { RunningKafka } from '../cluster.ts'
import { KAFKA_VERSION } from '../kafka-version.ts'
import type { KafkaRequest } from '../options.ts'
import { freePorts } from '../ports.ts'
import { renderProperties } from '../properties.ts'
import { untilReady } from '../ready.ts'
import { brokerProcess } from './broker-process.ts'
import type { Jvm } from './class-archive.ts'
import { type GuardedFolder, guardedFolder } from './guarded-folder.ts'
import { loopback, type NodePorts, nodeProperties } from './node-properties.ts'
import { formatLogDir } from './storage.ts'

const READY_MS = 60_000

interface NodesJvm extends Jvm {
  readonly flags: readonly string[]
}

/** Starts one process per broker, with ports and a data folder of their own. */
export async function startNodes(request: KafkaRequest, { java, classPath, flags }: NodesJvm): Promise<RunningKafka> {
  const ports = await choosePorts(request)
  const data = await guardedFolder(join(tmpdir(), 'holdfast-kafka-'), request.env)
  const hosts = ports.plain.map((_port, index) =>
    brokerProcess({
      id: index + 1,
      command: java.command,
      args: [
        ...jvmFlags(request),
        ...flags,
        `-XX:ErrorFile=${files(data, index + 1).crash}`,
        '-cp',
        classPath,
        'kafka.Kafka',
        files(data, index + 1).settings,
      ],
      env: request.env,
      logFile: files(data, index + 1).log,
      pidFile: files(data, index + 1).pid,
    }),
  )
  const running = runningKafka(java.version, ports, hosts, data)
  try {
    await Promise.all(hosts.map(({ id }) => writeNode(request, ports, data, id)))
    await Promise.all(hosts.map((host) => host.start()))
    await running.ready(hosts.map(({ id }) => id))
    return running
  } catch (error) {
    await running.dispose()
    throw error
  }
}

async function choosePorts({ brokers, sasl }: KafkaRequest): Promise<NodePorts> {
  const [controller = 0, ...rest] = await freePorts(1 + (sasl ? 2 : 1) * brokers)
  return { controller, plain: rest.slice(0, brokers), sasl: rest.slice(brokers) }
}

function jvmFlags({ heapMb, optimise }: KafkaRequest): string[] {
  return [
    `-Xmx${heapMb}m`,
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    ...(optimise === 'startup' ? ['-XX:TieredStopAtLevel=1'] : []),
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  ]
}

function runningKafka(
  javaVersion: number,
  ports: NodePorts,
  hosts: readonly BrokerHost[],
  data: GuardedFolder,
): RunningKafka {
  const brokers = ports.plain.map(loopback)
  return {
    via: 'jvm',
    title: `local JVM (Kafka ${KAFKA_VERSION}, Java ${javaVersion}) at ${brokers.join()}`,
    brokers,
    saslBrokers: ports.sasl.map(loopback),
    hosts,
    ready: (ids) =>
      untilReady({
        brokers: brokers.filter((_address, index) => ids.includes(index + 1)),
        depth: depthFor(ids.length, brokers.length),
        deadlineMs: READY_MS,
        failure: () => firstFailure(hosts, ids),
      }),
    async dispose() {
      await Promise.all(hosts.map((host) => host.kill()))
      await data.remove()
    },
  }
}

/** A minority of the brokers can neither take records of `acks: -1` nor run a group. */
function depthFor(serving: number, all: number): 'registered' | 'served' | 'whole' {
  if (serving === all) return 'whole'
  return serving * 2 > all ? 'served' : 'registered'
}

async function firstFailure(hosts: readonly BrokerHost[], ids: readonly number[]): Promise<string | undefined> {
  const waited = hosts.filter(({ id }) => ids.includes(id))
  const failures = await Promise.all(waited.map((host) => host.failure()))
  return failures.find((failure) => failure !== undefined)
}

async function writeNode(request: KafkaRequest, ports: NodePorts, data: GuardedFolder, id: number): Promise<void> {
  const { logDir, settings } = files(data, id)
  await mkdir(logDir, { recursive: true })
  await formatLogDir(logDir, id)
  await writeFile(settings, renderProperties(nodeProperties(request, ports, id, logDir)))
}

interface NodeFiles {
  readonly settings: string
  readonly logDir: string
  readonly log: string
  /** What a JVM that crashes says of it; it would write that where this process runs. */
  readonly crash: string
  /** Directly in the data folder: the guard looks for it there. */
  readonly pid: string
}

function files({ path }: GuardedFolder, id: number): NodeFiles {
  const node = join(path, `broker-${id}`)
  return {
    settings: join(node, 'server.properties'),
    logDir: join(node, 'data'),
    log: join(node, 'log'),
    crash: join(node, 'crash'),
    pid: join(path, `${id}.pid`),
  }
}
