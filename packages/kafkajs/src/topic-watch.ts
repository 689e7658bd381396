import type { DriverContext } from '@holdfast/core'
import type { ClusterInternals } from './internals/cluster.ts'
import { selectTopics } from './preflight.ts'

export interface TopicWatchPorts {
  readonly context: Pick<DriverContext, 'topics' | 'logger'>
  readonly everyMs: number
  cluster(): ClusterInternals
  /** Topics that are not subscribed to, though a pattern matches them. */
  found(topics: readonly string[]): void
}

/** Looks now and then for topics that have come since; only patterns can match any. */
export class TopicWatch {
  readonly #ports: TopicWatchPorts
  #timer: NodeJS.Timeout | undefined

  constructor(ports: TopicWatchPorts) {
    this.#ports = ports
  }

  start(subscribed: readonly string[]): void {
    this.stop()
    if (!this.#ports.context.topics.some((pattern) => pattern instanceof RegExp)) return
    this.#timer = setInterval(() => void this.#look(subscribed), this.#ports.everyMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(subscribed: readonly string[]): Promise<void> {
    const timer = this.#timer
    const { context, cluster, found } = this.#ports
    try {
      const { topicMetadata } = await cluster().metadata()
      const selected = selectTopics(
        context.topics,
        topicMetadata.map(({ topic }) => topic),
      )
      const fresh = selected.filter((topic) => !subscribed.includes(topic))
      if (timer === this.#timer && fresh.length > 0) found(fresh)
    } catch (error) {
      context.logger.debug({ err: error }, 'no list of topics this time')
    }
  }
}
