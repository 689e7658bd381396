import { createAssigner } from '../../src/assignors/assigner.ts'
import { ASSIGNORS, type AssignorName } from '../../src/assignors/assignors.ts'
import type { BrokerInternals, ClusterInternals, Identity } from '../../src/internals/cluster.ts'
import { type Consumer, Kafka, logLevel } from '../../src/internals/kafkajs.ts'
import { mendRequestQueue } from '../../src/internals/request-queue.ts'

export interface JsMemberOptions {
  readonly brokers: readonly string[]
  readonly groupId: string
  readonly clientId: string
  readonly topic: string
  readonly assignor: AssignorName
}

/**
 * kafkajs's own consumer with one of our assignors, and as much of a cooperative member around it as that needs: it
 * tells what it owns, and joins again when an assignment took something away.
 */
export class JsMember implements AsyncDisposable {
  readonly #topic: string
  readonly #consumer: Consumer
  #generationId = -1
  #mustRejoin = false
  /** Partitions, ascending. */
  owned: readonly number[] = []
  isLeader = false
  failure: Error | undefined

  private constructor({ brokers, groupId, clientId, topic, assignor }: JsMemberOptions) {
    mendRequestQueue()
    this.#topic = topic
    this.#consumer = new Kafka({ brokers: [...brokers], clientId, logLevel: logLevel.NOTHING }).consumer({
      groupId,
      sessionTimeout: 10_000,
      rebalanceTimeout: 15_000,
      heartbeatInterval: 200,
      maxWaitTimeInMs: 100,
      allowAutoTopicCreation: false,
      partitionAssigners: [
        ({ cluster }) => {
          const internals = cluster as unknown as ClusterInternals
          this.#watch(internals)
          return createAssigner(ASSIGNORS[assignor], {
            cluster: internals,
            owned: () => ({
              partitions: this.owned.map((partition) => ({ topic, partition })),
              generationId: this.#generationId,
            }),
            onUnreadable: ({ error }) => {
              this.failure = new Error(error)
            },
          })
        },
      ],
    })
  }

  static async join(options: JsMemberOptions): Promise<JsMember> {
    const member = new JsMember(options)
    await member.#run(ASSIGNORS[options.assignor].protocol === 'cooperative')
    return member
  }

  /** Asks for another rebalance. */
  rejoin(): void {
    this.#mustRejoin = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.disconnect()
  }

  async #run(isCooperative: boolean): Promise<void> {
    const { GROUP_JOIN, CRASH } = this.#consumer.events
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      const before = this.owned
      this.owned = (payload.memberAssignment[this.#topic] ?? []).toSorted((a, b) => a - b)
      this.isLeader = payload.isLeader
      if (isCooperative && before.some((partition) => !this.owned.includes(partition))) this.rejoin()
    })
    this.#consumer.on(CRASH, ({ payload }) => {
      this.failure = payload.error
    })
    await this.#consumer.connect()
    await this.#consumer.subscribe({ topic: this.#topic })
    await this.#consumer.run({ autoCommit: false, eachBatch: async () => undefined })
  }

  /** kafkajs tells the generation nowhere, and joins again when a heartbeat says that the group does. */
  #watch(cluster: ClusterInternals): void {
    const findBroker = cluster.findBroker.bind(cluster)
    cluster.findBroker = async (target) => {
      const broker = await findBroker(target)
      const watched: Partial<BrokerInternals> = {
        joinGroup: async (request): Promise<Identity> => {
          const answer = await broker.joinGroup(request)
          this.#generationId = answer.generationId
          return answer
        },
        heartbeat: (request) => (this.#mustRejoin ? this.#refuseOnce() : broker.heartbeat(request)),
      }
      return new Proxy(broker, {
        get(on, key) {
          const own = watched[key as keyof BrokerInternals]
          if (own !== undefined) return own
          const value: unknown = Reflect.get(on, key, on)
          return typeof value === 'function' ? value.bind(on) : value
        },
      })
    }
  }

  #refuseOnce(): Promise<never> {
    this.#mustRejoin = false
    return Promise.reject(Object.assign(new Error('to join again'), { type: 'REBALANCE_IN_PROGRESS', retriable: true }))
  }
}
