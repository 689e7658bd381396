import { createHash } from 'node:crypto'
import type { HeaderEntry } from '../model/record.ts'
import { type DeadLetter, readDeadLetter } from '../pipeline/read-dead-letter.ts'
import type { Clock } from '../ports/clock.ts'
import type { DriverFactory, OutgoingRecord } from '../ports/driver.ts'
import type { Logger } from '../ports/logger.ts'
import { atOnce, invalid } from './at-once.ts'
import { readLetters, temporaryGroup } from './read-letters.ts'

/** How often a record has been sent again, in its headers. */
const COUNT_HEADER = 'holdfast-redrives'
/** The letter that it was sent from: what handles it twice can tell so. */
const ID_HEADER = 'holdfast-redriven-id'
const CALL = 'redrive'
const DEFAULT_MAX_REDRIVES = 3
/** So many ids are remembered in one call; a copy lies close to its original. */
const MAX_REMEMBERED = 100_000

/** Options of `redrive`. */
export interface RedriveOptions {
  readonly driver: DriverFactory
  /** The dead-letter topic. */
  readonly topic: string
  /**
   * The group that remembers how far it has come: a call goes on where the last one with the same group ended, also after a
   * crash. What a filter leaves out counts as seen; another group looks at all of it anew. @default the topic and `.redrive`
   */
  readonly groupId?: string
  /**
   * Topics that letters may come from. Whoever may write to the dead-letter topic can write a letter that names any other
   * topic, and it is sent there with the rights of this process. @default any topic
   */
  readonly from?: readonly string[]
  /** Where a letter goes. @default the topic that its record came from */
  readonly to?: string | ((letter: DeadLetter) => string)
  /** Which letters are sent. @default all */
  readonly filter?: (letter: DeadLetter) => boolean
  /** At most so many are read a second. @default no limit */
  readonly perSecond?: number
  /** At most so many are sent; the rest stays for the next call. @default no limit */
  readonly maximum?: number
  /**
   * How often a record may be sent again in all: one that has died so often is left where it is, since it would come back
   * for ever. @default 3
   */
  readonly maxRedrives?: number
  /** Says what would be sent, and sends and remembers nothing. @default false */
  readonly dryRun?: boolean
  /**
   * Is told of each letter and of what became of it. What it throws or rejects with, or `filter` or `to` does, ends the call: a
   * letter that was sent by then is sent once more by the next one.
   */
  readonly onLetter?: (letter: DeadLetter, fate: LetterFate) => unknown
  /** Ends the call; what was sent is remembered. */
  readonly signal?: AbortSignal
  readonly logger?: Logger
  readonly clock?: Clock
}

/**
 * - `sent`: it is in its topic again. - `filtered`: the filter left it out.
 * - `looping`: it has been sent `maxRedrives` times. - `copy`: a letter of the same record was sent before.
 * - `quarantined`: a note of offsets that could not be decoded; there is nothing to send.
 * - `truncated`: its topic did not take all of it, so that it cannot be sent as it was.
 * - `misdirected`: it names a source that is not in `from`, or would go to the dead-letter topic itself.
 */
export type LetterFate = 'sent' | 'filtered' | 'looping' | 'copy' | 'quarantined' | 'truncated' | 'misdirected'

/** What a call of `redrive` came to. */
export interface RedriveReport {
  /** Letters by what became of them; with `dryRun`, what would have. */
  readonly counts: Readonly<Record<LetterFate, number>>
  /** Records of the topic that are no dead letters of ours; they are passed over. */
  readonly foreign: number
  /** Whether the call ended at `maximum`. */
  readonly hasMore: boolean
}

/**
 * Sends dead letters again, each with the bytes and headers that its record had, to the end of the topic as of now. A letter
 * counts as sent when all replicas in sync have it; a process that dies between that and its commit sends it once more, with
 * the same `holdfast-redriven-id`.
 * @throws HF_OPTION_INVALID; what the driver rejects with, where a letter cannot be written: what was sent is remembered
 */
export async function redrive(options: RedriveOptions): Promise<RedriveReport> {
  check(options)
  const { topic, dryRun = false, maximum = Number.POSITIVE_INFINITY, onLetter } = options
  const groupId = dryRun ? temporaryGroup(topic) : (options.groupId ?? `${topic}.redrive`)
  const counts = noLetters()
  const ids = new Set<string>()
  let foreign = 0
  let hasMore = false
  await readLetters({ ...options, groupId }, async (record, driver) => {
    const letter = readDeadLetter(record)
    if (letter === undefined) {
      foreign += 1
      return 'next'
    }
    // Asked once: what it answers need not be the same twice.
    const destination = once(() => destinationOf(letter, options))
    const fate = fateOf(letter, destination, ids, options)
    if (fate === 'sent') {
      if (counts.sent >= maximum) {
        hasMore = true
        return 'stop'
      }
      if (!dryRun) await driver.produce([redriven(letter, destination())])
      remember(nameOf(letter), ids)
    }
    counts[fate] += 1
    await onLetter?.(letter, fate)
    return 'next'
  })
  return { counts, foreign, hasMore }
}

function fateOf(
  letter: DeadLetter,
  destination: () => string,
  ids: ReadonlySet<string>,
  options: RedriveOptions,
): LetterFate {
  const { filter = () => true, maxRedrives = DEFAULT_MAX_REDRIVES } = options
  if (ids.has(nameOf(letter))) return 'copy'
  if (!atOnce(CALL, 'filter', filter(letter))) return 'filtered'
  if (options.from?.includes(letter.source.topic) === false || destination() === options.topic) return 'misdirected'
  if (letter.quarantined !== undefined) return 'quarantined'
  if (letter.truncated !== undefined) return 'truncated'
  return redrivesOf(letter) >= maxRedrives ? 'looping' : 'sent'
}

function once<Answer>(ask: () => Answer): () => Answer {
  let answer: { readonly is: Answer } | undefined
  return () => {
    answer ??= { is: ask() }
    return answer.is
  }
}

/** A count that is not to be read counts as too many: what pretends to be new could come back for ever. */
function redrivesOf({ headers }: DeadLetter): number {
  const last = headers.findLast(([name]) => name === COUNT_HEADER)
  if (last === undefined) return 0
  const text = last[1]?.toString('utf8') ?? ''
  return /^\d{1,6}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY
}

function noLetters(): Record<LetterFate, number> {
  return { sent: 0, filtered: 0, looping: 0, copy: 0, quarantined: 0, truncated: 0, misdirected: 0 }
}

/** Not the id alone: a letter that pretends to be a copy would keep another one from being sent. */
function nameOf({ id, source, key, value, headers }: DeadLetter): string {
  const digest = createHash('sha256').update(JSON.stringify([source, headers.map(([name]) => name)]))
  for (const bytes of [key, value, ...headers.map(([, text]) => text)])
    digest.update(`${bytes?.length ?? -1},`).update(bytes ?? '')
  return `${id} ${digest.digest('base64')}`
}

function destinationOf(letter: DeadLetter, { to = letter.source.topic }: RedriveOptions): string {
  return typeof to === 'function' ? atOnce(CALL, 'to', to(letter)) : to
}

function redriven(letter: DeadLetter, topic: string): OutgoingRecord {
  const own: readonly string[] = [COUNT_HEADER, ID_HEADER]
  const headers: HeaderEntry[] = letter.headers.filter(([name]) => !own.includes(name))
  const count = String(redrivesOf(letter) + 1)
  return {
    topic,
    key: letter.key,
    value: letter.value,
    headers: [...headers, [COUNT_HEADER, Buffer.from(count)], [ID_HEADER, Buffer.from(letter.id)]],
  }
}

function remember(id: string, ids: Set<string>): void {
  ids.add(id)
  if (ids.size <= MAX_REMEMBERED) return
  const [oldest] = ids
  ids.delete(oldest as string)
}

function check({ maximum, maxRedrives, perSecond, to, topic }: RedriveOptions): void {
  for (const [name, value] of Object.entries({ maximum, maxRedrives, perSecond })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw invalid(CALL, name, `${name} = ${value} is not allowed: it must be a whole number of at least 1`)
  }
  if (to === topic)
    throw invalid(CALL, 'to', `to = ${topic} is the dead-letter topic itself: letters would be read again for ever`)
}
