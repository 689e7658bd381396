import { type DeadLetter, readDeadLetter } from '../pipeline/read-dead-letter.ts'
import { atOnce } from './at-once.ts'
import { readLetters, temporaryGroup } from './read-letters.ts'
import type { RedriveOptions } from './redrive.ts'

/** As those of `redrive`. */
export type InspectOptions = Pick<RedriveOptions, 'driver' | 'topic' | 'filter' | 'logger' | 'clock' | 'signal'>

/** Options of `peekDeadLetters`. */
export interface PeekOptions extends InspectOptions {
  /** How many letters are answered at most. @default 10 */
  readonly maximum?: number
}

/**
 * The first dead letters of a topic that pass the filter, as they lie there. Nothing is remembered.
 * @throws what `filter` throws, and what a consumer of the topic fails with, as HF_TOPIC_MISSING
 */
export async function peekDeadLetters(options: PeekOptions): Promise<DeadLetter[]> {
  const { topic, filter = () => true, maximum = 10 } = options
  const found: DeadLetter[] = []
  await readLetters({ ...options, groupId: temporaryGroup(topic) }, async (record) => {
    if (found.length >= maximum) return 'stop'
    const letter = readDeadLetter(record)
    if (letter !== undefined && atOnce('peekDeadLetters', 'filter', filter(letter))) found.push(letter)
    return 'next'
  })
  return found
}

/** Dead letters that failed alike. */
export interface DeadLetterGroup {
  readonly sourceTopic: string
  readonly handler: string
  readonly errorClass: string
  readonly stackDigest: string
  readonly count: number
  readonly firstFailure: Date
  readonly lastFailure: Date
  /** The first of them. */
  readonly example: DeadLetter
}

/**
 * What lies in a dead-letter topic, by where it came from and why it failed; the most first. Nothing is remembered.
 * @throws as `peekDeadLetters`
 */
export async function listDeadLetters(options: InspectOptions): Promise<DeadLetterGroup[]> {
  const { topic, filter = () => true } = options
  const groups = new Map<string, DeadLetterGroup>()
  await readLetters({ ...options, groupId: temporaryGroup(topic) }, async (record) => {
    const letter = readDeadLetter(record)
    if (letter === undefined || !atOnce('listDeadLetters', 'filter', filter(letter))) return 'next'
    const { source, handler, error } = letter
    const name = JSON.stringify([source.topic, handler, error.class, error.stackDigest])
    groups.set(name, joined(groups.get(name), letter))
    return 'next'
  })
  return [...groups.values()].toSorted((a, b) => b.count - a.count)
}

function joined(group: DeadLetterGroup | undefined, letter: DeadLetter): DeadLetterGroup {
  const { source, handler, error, firstFailure, lastFailure } = letter
  if (group === undefined) {
    return {
      sourceTopic: source.topic,
      handler,
      errorClass: error.class,
      stackDigest: error.stackDigest,
      count: 1,
      firstFailure,
      lastFailure,
      example: letter,
    }
  }
  return {
    ...group,
    count: group.count + 1,
    firstFailure: new Date(Math.min(+firstFailure, +group.firstFailure)),
    lastFailure: new Date(Math.max(+lastFailure, +group.lastFailure)),
  }
}
