import type { KafkaRequest } from '../options.ts'
import { brokerProperties, type Listener, type Properties } from '../properties.ts'

export interface NodePorts {
  readonly controller: number
  /** One per broker. */
  readonly plain: readonly number[]
  /** One per broker, or none. */
  readonly sasl: readonly number[]
}

export function nodeProperties(request: KafkaRequest, ports: NodePorts, id: number, logDir: string): Properties {
  const { brokers, sasl, optimise, properties } = request
  return brokerProperties(
    {
      id,
      brokers,
      controller: loopback(ports.controller),
      listeners: listenersOf(id, ports),
      interBrokerListener: 'PLAINTEXT',
      logDir,
      sasl,
      optimise,
    },
    properties,
  )
}

function listenersOf(id: number, ports: NodePorts): Listener[] {
  const sasl = ports.sasl[id - 1]
  const plain = onLoopback('PLAINTEXT', ports.plain[id - 1] ?? 0, 'PLAINTEXT')
  return sasl === undefined ? [plain] : [plain, onLoopback('SASL', sasl, 'SASL_PLAINTEXT')]
}

function onLoopback(name: string, port: number, protocol: Listener['protocol']): Listener {
  return { name, protocol, bind: loopback(port), advertised: loopback(port) }
}

export function loopback(port: number): string {
  return `127.0.0.1:${port}`
}
