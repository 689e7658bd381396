import { setTimeout as sleep } from 'node:timers/promises'
import type { DriverContext } from '@holdfast/core'
import { createGroupConsumer } from './client.ts'
import type { Fetching } from './fetch/fetching.ts'
import type { GroupSession } from './group/group-session.ts'
import type { BrokerInternals, ClusterInternals } from './internals/cluster.ts'
import { DEFAULT_MAX_DECOMPRESSED_BYTES } from './internals/codecs.ts'
import { openDoor } from './internals/door.ts'
import type { Assigner, Cluster, Consumer } from './internals/kafkajs.ts'
import { OpenSockets } from './internals/open-sockets.ts'
import { makePatient } from './internals/patience.ts'
import type { KafkajsConfig } from './options.ts'

/** Leaving the group may take so long. */
const LEAVE_LIMIT_MS = 10_000

export interface GroupClientPorts {
  readonly config: KafkajsConfig
  readonly context: DriverContext
  readonly session: GroupSession
  readonly fetching: Fetching
  /** A broker has answered a request of any kind. */
  answered(): void
  /** The membership is over without notice. */
  lost(reason: string): void
  /** The client has ended itself after it had joined, and will not come back. */
  ended(error: unknown): void
}

/** One kafkajs consumer, from its creation to its end. Once it has ended it is heard no more, and another takes its place. */
export class GroupClient {
  readonly #ports: GroupClientPorts
  readonly #topics: readonly string[]
  readonly #consumer: Consumer
  readonly #sockets = new OpenSockets()
  #cluster: ClusterInternals | undefined
  /** Settles with the request on which kafkajs waits for the group. */
  #answer: Promise<unknown> | undefined
  #joining: { readonly broker: BrokerInternals; readonly memberId: string } | undefined
  #hasJoined = false
  #isOver = false

  constructor(topics: readonly string[], ports: GroupClientPorts) {
    this.#topics = topics
    this.#ports = ports
    this.#consumer = createGroupConsumer(ports.config, ports.context, {
      sockets: this.#sockets,
      claim: () => ports.session.claim,
      created: (cluster, assigners) => this.#openDoor(cluster, assigners),
    })
  }

  get cluster(): ClusterInternals {
    return this.#cluster as ClusterInternals
  }

  /** Whether it has ended, or is being closed. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Joins the group. Resolves with the first assignment; rejects with what ended the client before that. */
  async open(): Promise<void> {
    const { context } = this.#ports
    await this.#consumer.connect()
    if (this.#isOver) return
    await this.#consumer.subscribe({ topics: [...this.#topics], fromBeginning: context.autoOffsetReset === 'earliest' })
    const joined = this.#listen()
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async (payload) => {
        // An error out of eachBatch would end the consumer in a way of kafkajs's own.
        try {
          if (!this.#isOver) this.#ports.fetching.handOver(payload)
        } catch (error) {
          this.#end(error)
        }
      },
    })
    await joined
  }

  /** Leaves the group and closes every connection. */
  async close(): Promise<void> {
    this.#isOver = true
    // Without a broker kafkajs waits for requests that nothing answers; their connections end with their time-outs.
    await Promise.race([this.#close(), sleep(LEAVE_LIMIT_MS, undefined, { ref: false })])
    this.#sockets.close()
  }

  async #close(): Promise<void> {
    await this.#leaveFirstJoin().catch(() => undefined)
    await this.#consumer.disconnect()
  }

  /**
   * kafkajs leaves only a group of which it has had an assignment. A first join that it gives up would leave a member
   * behind that owns partitions, and that the others wait for, until its session ends.
   */
  async #leaveFirstJoin(): Promise<void> {
    const { groupId, groupInstanceId } = this.#ports.context
    if (this.#hasJoined) return
    await this.#answer
    if (this.#joining === undefined || groupInstanceId !== undefined) return
    const { broker, memberId } = this.#joining
    await broker.leaveGroup({ groupId, memberId })
  }

  #listen(): Promise<void> {
    const { GROUP_JOIN, CRASH, STOP, REQUEST } = this.#consumer.events
    this.#consumer.on(REQUEST, () => this.#ports.answered())
    const joined = new Promise<void>((resolve, reject) => {
      this.#consumer.on(GROUP_JOIN, () => {
        if (this.#isOver) return
        this.#hasJoined = true
        this.#ports.session.assigned()
        resolve()
      })
      this.#consumer.on(CRASH, ({ payload: { error } }) => {
        reject(error)
        this.#end(error)
      })
      this.#consumer.on(STOP, () => this.#lose('the client stopped'))
    })
    joined.catch(() => undefined)
    return joined
  }

  #openDoor(cluster: Cluster, assigners: readonly Assigner[]): void {
    const { session, fetching, context } = this.#ports
    const { maxDecompressedBytes = DEFAULT_MAX_DECOMPRESSED_BYTES, checkCrcs } = this.#ports.config
    this.#cluster = cluster as unknown as ClusterInternals
    makePatient(this.#cluster, () => this.#isOver)
    openDoor(this.#cluster, {
      decoding: { maxInflatedBytes: maxDecompressedBytes, checkCrcs },
      groupInstanceId: context.groupInstanceId,
      beforeJoin: (broker, memberId) => session.beforeJoin(broker, memberId),
      protocols: () => assigners.map((assigner) => assigner.protocol({ topics: [...this.#topics] })),
      waiting: (answer) => {
        this.#answer = answer.catch(() => undefined)
        return answer
      },
      joined: (identity, broker) => {
        const { memberId } = identity
        this.#joining = { broker, memberId }
        session.joined(identity)
        if (this.#isOver) throw new Error('the consumer has stopped')
      },
      synced: (broker, memberAssignment) => session.synced(broker, memberAssignment),
      leaving: () => this.#lose('the member left the group'),
      wantsRejoin: () => session.wantsRejoin,
      fetch: (request, send) => fetching.fetch(request, send),
    })
  }

  #lose(reason: string): void {
    if (!this.#isOver) this.#ports.lost(reason)
  }

  #end(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#hasJoined) this.#ports.ended(error)
  }
}
