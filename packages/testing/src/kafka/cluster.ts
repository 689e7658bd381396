import type { BrokerHost } from './broker-host.ts'
import { ProvisioningError } from './provisioning-error.ts'

/** Which way led to a broker. */
export type KafkaVia = 'external' | 'docker' | 'jvm'

/** A Kafka that has produced and fetched. */
export interface KafkaCluster extends AsyncDisposable {
  /** `host:port` of each broker. */
  readonly brokers: readonly string[]
  /** `host:port` of the SASL listeners; empty without the `sasl` option. */
  readonly saslBrokers: readonly string[]
  readonly via: KafkaVia
  /** One line: which way was taken and why the others were not. */
  readonly description: string
  /**
   * Ends every broker and starts it on the same port and data; resolves when ready again.
   * Not graceful means SIGKILL. @default graceful
   */
  restart(options?: { graceful?: boolean }): Promise<void>
  /** SIGKILL to one broker (numbered from 1), or to all. */
  kill(broker?: number): Promise<void>
  /** Starts what was killed (and resumes what was paused), on the same port and data; resolves when it is ready again. */
  start(broker?: number): Promise<void>
  /** Freezes one broker or all (SIGSTOP, or `docker pause`): connections stay, answers stop. */
  pause(broker?: number): Promise<void>
  /** Lets frozen brokers go on; does not wait for them to catch up. */
  resume(broker?: number): Promise<void>
  /** Ends the brokers this call started and removes their data. */
  stop(): Promise<void>
}

/** What a way of the ladder hands over: the brokers and the means to wait for and end them. */
export interface RunningKafka {
  readonly via: KafkaVia
  /** What was taken, with versions and addresses. */
  readonly title: string
  readonly brokers: readonly string[]
  readonly saslBrokers: readonly string[]
  /** Empty when the brokers are not ours. */
  readonly hosts: readonly BrokerHost[]
  /** Resolves when the brokers with these ids serve. */
  ready(ids: readonly number[]): Promise<void>
  dispose(): Promise<void>
}

export function clusterOf(running: RunningKafka, description: string): KafkaCluster {
  let disposal: Promise<void> | undefined
  const actions = faultActions(running, () => disposal !== undefined)

  async function stop(): Promise<void> {
    disposal ??= running.dispose()
    await disposal
  }

  return {
    ...actions,
    brokers: Object.freeze([...running.brokers]),
    saslBrokers: Object.freeze([...running.saslBrokers]),
    via: running.via,
    description,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

type FaultActions = Pick<KafkaCluster, 'restart' | 'kill' | 'start' | 'pause' | 'resume'>

function faultActions({ hosts, ready }: RunningKafka, isStopped: () => boolean): FaultActions {
  /** Brokers that were neither killed nor paused. */
  const serving = new Set(hosts.map(({ id }) => id))

  function chosen(action: string, broker?: number): readonly BrokerHost[] {
    if (isStopped()) throw refusal(action, 'the cluster was stopped')
    return chooseHosts(hosts, action, broker)
  }

  async function bringBack(targets: readonly BrokerHost[]): Promise<void> {
    await each(targets, (host) => host.start())
    await each(targets, (host) => host.resume())
    for (const { id } of targets) serving.add(id)
    await ready([...serving])
  }

  return {
    async restart({ graceful = true } = {}) {
      const targets = chosen('restart')
      await each(targets, (host) => (graceful ? host.stop() : host.kill()))
      await bringBack(targets)
    },
    async kill(broker) {
      const targets = chosen('kill', broker)
      for (const { id } of targets) serving.delete(id)
      await each(targets, (host) => host.kill())
    },
    async start(broker) {
      await bringBack(chosen('start', broker))
    },
    async pause(broker) {
      const targets = chosen('pause', broker)
      for (const { id } of targets) serving.delete(id)
      await each(targets, (host) => host.pause())
    },
    async resume(broker) {
      const targets = chosen('resume', broker)
      await each(targets, (host) => host.resume())
      for (const host of targets) if ((await host.failure()) === undefined) serving.add(host.id)
    },
  }
}

function chooseHosts(hosts: readonly BrokerHost[], action: string, broker?: number): readonly BrokerHost[] {
  if (hosts.length === 0)
    throw refusal(action, 'this Kafka is external and not ours to touch; unset KAFKA_BROKERS to have one')
  const found = hosts.filter(({ id }) => broker === undefined || id === broker)
  if (found.length === 0) throw refusal(action, `there is no broker ${broker}, only 1 to ${hosts.length}`)
  return found
}

function refusal(action: string, why: string): ProvisioningError {
  return new ProvisioningError('KAFKA_FAULT_REFUSED', `${action}: ${why}`)
}

async function each(targets: readonly BrokerHost[], act: (host: BrokerHost) => Promise<void>): Promise<void> {
  await Promise.all(targets.map(act))
}
