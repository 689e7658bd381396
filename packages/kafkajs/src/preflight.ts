import { setTimeout as sleep } from 'node:timers/promises'
import { checkTopicWidths, HoldfastError, type Logger, type TopicPattern, type TopicWidth } from '@holdfast/core'
import type { ClusterInternals, TopicMetadata } from './internals/cluster.ts'
import type { Assigner, Kafka } from './internals/kafkajs.ts'
import { makeTolerant } from './internals/patience.ts'
import { translateError } from './translate-error.ts'

/** Of a consumer that joins no group. */
const NO_ASSIGNER: Assigner = {
  name: 'none',
  version: 0,
  protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
  assign: async () => [],
}
const FIRST_RETRY_MS = 250
const MAX_RETRY_MS = 5_000
/** Kafka's own topics; as with `exclude.internal.topics`, a pattern never means them. */
const INTERNAL_TOPIC = /^__/

export interface PreflightOptions {
  readonly kafka: Kafka
  readonly brokers: readonly string[]
  readonly topics: readonly TopicPattern[]
  /** Topics that are written to. */
  readonly producesTo: readonly string[]
  /** Topics that must have as many partitions as others. */
  readonly asWideAs: readonly TopicWidth[]
  readonly startTimeoutMs: number
  readonly logger: Logger
  readonly signal: AbortSignal
}

/**
 * Asks the brokers for their topics until one answers, and answers the names to subscribe to. What trying again cannot
 * mend (credentials, a peer that is no broker, a missing topic) is an error at once.
 */
export async function preflight(options: PreflightOptions): Promise<string[]> {
  const { brokers, topics, producesTo, asWideAs, startTimeoutMs, logger, signal } = options
  const endMs = performance.now() + startTimeoutMs
  for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(MAX_RETRY_MS, retryMs * 2)) {
    signal.throwIfAborted()
    try {
      const existing = (await metadataOf(options.kafka)).map(({ topic }) => topic)
      selectTopics(producesTo, existing)
      const selected = selectTopics(topics, existing)
      if (asWideAs.length > 0) await checkWidths(options, existing)
      return selected
    } catch (error) {
      signal.throwIfAborted()
      const translated = translateError(error, { brokers })
      if (!translated.retryable || translated.code === 'HF_TOPIC_MISSING' || performance.now() + retryMs > endMs)
        throw translated
      logger.warn({ code: translated.code, reason: translated.message, retryInMs: retryMs }, 'no broker answers yet')
      await sleep(retryMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** @throws HF_TOPIC_TOO_NARROW */
async function checkWidths({ kafka, asWideAs }: PreflightOptions, existing: readonly string[]): Promise<void> {
  const sources = new Map(asWideAs.map(({ source }) => [source, selectTopics([source], existing)]))
  const topics = [...new Set([...asWideAs.map(({ topic }) => topic), ...[...sources.values()].flat()])]
  const metadata = await metadataOf(kafka, topics)
  const counts = new Map(metadata.map(({ topic, partitionMetadata }) => [topic, partitionMetadata.length]))
  checkTopicWidths(
    asWideAs,
    (source) => sources.get(source) ?? [],
    (topic) => counts.get(topic) ?? 0,
  )
}

/**
 * What the brokers say of these topics, or of all. kafkajs's admin client refuses an answer in which any partition has no
 * leader, of whatever topic; only a consumer lets its cluster be reached, which is taught otherwise.
 */
async function metadataOf(kafka: Kafka, topics: readonly string[] = []): Promise<TopicMetadata['topicMetadata']> {
  const created = Promise.withResolvers<ClusterInternals>()
  const consumer = kafka.consumer({
    groupId: 'holdfast',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (config) => {
        created.resolve(config.cluster as unknown as ClusterInternals)
        return NO_ASSIGNER
      },
    ],
  })
  const cluster = await created.promise
  makeTolerant(cluster.brokerPool)
  try {
    await consumer.connect()
    return (await cluster.metadata({ topics })).topicMetadata
  } finally {
    await consumer.disconnect()
  }
}

/** @throws HF_TOPIC_MISSING */
export function selectTopics(patterns: readonly TopicPattern[], existing: readonly string[]): string[] {
  const selected = new Set<string>()
  for (const pattern of patterns) {
    const matching = existing.filter((topic) =>
      typeof pattern === 'string' ? topic === pattern : matches(pattern, topic),
    )
    if (matching.length === 0) throw topicMissing(pattern)
    for (const topic of matching) selected.add(topic)
  }
  return [...selected]
}

function matches(pattern: RegExp, topic: string): boolean {
  return !INTERNAL_TOPIC.test(topic) && new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, '')).test(topic)
}

function topicMissing(pattern: TopicPattern): HoldfastError {
  const what = typeof pattern === 'string' ? `the topic ${pattern} does not exist` : `no topic matches ${pattern}`
  return new HoldfastError(
    'HF_TOPIC_MISSING',
    `${what}.\n  Fix: create it; holdfast never creates a topic by subscribing.`,
    {
      details: { topic: String(pattern) },
    },
  )
}
