import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import { FailurePolicy } from './failure-policy.ts'
import type { RetryLevel } from './failure-steps.ts'

/** A delay as text, `'30s'`, whose topic is named by `topicName`; or a topic of a name of its own. */
export type RetryTopic = string | { readonly topic: string; readonly delayMs: number }

/** Options of `retryTopics`. */
export interface RetryTopicsOptions {
  /**
   * Names the retry topic of a topic for a delay; asked once for each, when the consumer is created. One that throws, or answers no
   * name, is refused then. @default mail.requested and 5s give mail.requested.retry.5s
   */
  readonly topicName?: (topic: string, delay: string) => string
  /**
   * Whether later records of the same key go to the retry topic behind the one that failed, without a call of their handler,
   * until it is settled. A record stays in the partition of its number, so retry topics need as many partitions as the
   * topics that their records come from. @default false
   */
  readonly keepOrder?: boolean
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** The longest that a timer of Node can wait. */
const MAX_DELAY_MS = 2 ** 31 - 1

/**
 * Tries again later, without holding the partition up: the record goes to a topic in which it waits, is handled once more,
 * and goes on to the next one when it fails again. Delays are counted from the time stamp of the record, so they survive
 * restarts; a time stamp of the future makes none longer. Later records of its key do not wait, unless `keepOrder` is set.
 * `retryTopics(['5s', '1m', '10m'])` needs the topics `<topic>.retry.5s`, `.1m` and `.10m`, and subscribes to them. A
 * delay is a number with `ms`, `s`, `m`, `h` or `d`, of 24 days at the most.
 * @throws HF_OPTION_INVALID
 */
export function retryTopics(topics: readonly RetryTopic[], options: RetryTopicsOptions = {}): FailurePolicy {
  if (!Array.isArray(topics) || topics.length === 0)
    throw invalid("retryTopics takes a list of delays, such as retryTopics(['5s', '1m'])")
  const { topicName = (topic, delay) => `${topic}.retry.${delay}`, keepOrder: keepsOrder = false } = options
  const levels = topics.map((topic) => levelOf(topic, topicName))
  return new FailurePolicy([{ type: 'retryTopics', levels: Object.freeze(levels), keepsOrder }])
}

function levelOf(given: RetryTopic, topicName: (topic: string, delay: string) => string): RetryLevel {
  if (typeof given === 'string') {
    const delayMs = delayOf(given)
    const names = new Map<string, string>()
    const nameFor = (topic: string): string => {
      const name = names.get(topic) ?? nameOf(topic, given, topicName)
      names.set(topic, name)
      return name
    }
    return Object.freeze({ delayMs, isShared: false, nameFor })
  }
  const { topic, delayMs } = given
  if (typeof topic !== 'string' || topic === '') throw invalid('a retry topic has no name')
  if (!(delayMs >= 1 && delayMs <= MAX_DELAY_MS))
    throw invalid(`the retry topic ${topic} has delayMs = ${delayMs}, which must be from 1 to ${MAX_DELAY_MS}`)
  return Object.freeze({ delayMs, isShared: true, nameFor: () => topic })
}

function nameOf(topic: string, delay: string, topicName: (topic: string, delay: string) => unknown): string {
  const asked = `retryTopics: topicName('${topic}', '${delay}')`
  let name: unknown
  try {
    name = topicName(topic, delay)
  } catch (error) {
    throw invalid(`${asked} threw ${describeError(error)}`, error)
  }
  if (typeof name === 'string' && name !== '') return name
  if (name instanceof Promise) name.catch(() => undefined)
  throw invalid(`${asked} answered ${name === '' ? 'an empty text' : typeof name}, which is no name of a topic`)
}

function delayOf(text: string): number {
  const [, count, unit] = /^(\d{1,10})(ms|s|m|h|d)$/.exec(text) ?? []
  const delayMs = Number(count) * (UNITS_MS[unit ?? ''] ?? Number.NaN)
  if (delayMs >= 1 && delayMs <= MAX_DELAY_MS) return delayMs
  throw invalid(
    `"${text}" is no delay for a retry topic: it must be a number with ms, s, m, h or d, such as 5s, of at most 24d`,
  )
}

function invalid(what: string, cause?: unknown): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `${what}.\n  Fix: correct onFailure.`, {
    details: { option: 'onFailure' },
    ...(cause === undefined ? {} : { cause }),
  })
}
