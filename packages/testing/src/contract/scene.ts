import { randomUUID } from 'node:crypto'
import { type ClientOptions, ContractClient } from './contract-client.ts'
import type { DriverCase, DriverEnvironment } from './driver-environment.ts'

/** One case at work: names of its own, and clients that are stopped at its end. */
export interface Scene extends Pick<DriverEnvironment, 'createTopic' | 'produce' | 'quiet'> {
  readonly topic: string
  readonly groupId: string
  client(options?: Partial<ClientOptions>): ContractClient
  committed(partition: number): Promise<number>
  produceUndeliverable(): Promise<void>
}

/** A case that plays on a fresh topic. */
export function scene(
  name: string,
  partitions: number,
  play: (scene: Scene) => Promise<void>,
  needsUndeliverable = false,
): DriverCase {
  return {
    name,
    needsUndeliverable,
    async run(environment) {
      const id = randomUUID().slice(0, 8)
      const [topic, groupId] = [`contract-${id}`, `contract-group-${id}`]
      const clients: ContractClient[] = []
      if (partitions > 0) await environment.createTopic(topic, partitions)
      const client = (options: Partial<ClientOptions> = {}): ContractClient => {
        const made = new ContractClient(environment, { groupId, topics: [topic], ...options })
        clients.push(made)
        return made
      }
      try {
        await play({
          topic,
          groupId,
          client,
          createTopic: (name, count) => environment.createTopic(name, count),
          produce: (name, partition, values) => environment.produce(name, partition, values),
          quiet: () => environment.quiet(),
          committed: (partition) => environment.committed(groupId, topic, partition),
          produceUndeliverable: async () => environment.produceUndeliverable?.(topic, 0),
        })
      } finally {
        await Promise.allSettled(clients.map(({ driver }) => driver.stop()))
      }
    },
  }
}

export function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => String(from + index))
}

export function offsets(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
