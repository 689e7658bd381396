import { type Clock, HoldfastError, type OutgoingRecord } from '@holdfast/core'

/** What an error of a relay was about. */
export interface RelayFailure {
  /** The topic that could not be written to, which rests while the others go on; undefined where the database failed. */
  readonly topic: string | undefined
  /** About when it is tried again. */
  readonly retryInMs: number
}

/** Options of `relay`; times are milliseconds, whole numbers of at least 1. */
export interface RelayOptions {
  /**
   * Writes records of one topic, those of a partition in their order, and resolves when they cannot be lost any more, as
   * `createProducer` of `@holdfast/kafkajs` does.
   */
  readonly produce: (records: readonly OutgoingRecord[]) => Promise<void>
  /** Hears of every failure; messages stay in the table until they are written. What it throws, or rejects with, is ignored. */
  readonly onError: (error: unknown, failure: RelayFailure) => void
  /** How often the table is looked at where nobody calls `notify`. @default 1000 */
  readonly pollIntervalMs?: number
  /** How many messages are read at a time at the most. @default 500 */
  readonly maxRecords?: number
  /** About how many bytes of messages are read at a time at the most; one is always read. @default 4194304 */
  readonly maxBytes?: number
  /** The pause after a first failure; it doubles with each further one. @default 500 */
  readonly retryBackoffMs?: number
  /** The longest pause. @default 30000 */
  readonly retryBackoffMaxMs?: number
  /**
   * A write without an answer by then has failed. A process that stands still for ten seconds more loses its place to another
   * relay. @default 60000
   */
  readonly produceTimeoutMs?: number
  /** @default the process's timers */
  readonly clock?: Pick<Clock, 'now' | 'setTimer'>
}

export interface RelaySettings extends Required<RelayOptions> {
  /** The pause after so many failures in a row. */
  restMs(failures: number): number
}

const timers: Pick<Clock, 'now' | 'setTimer'> = {
  now: () => performance.now(),
  setTimer(callback, delayMs) {
    const handle = setTimeout(callback, delayMs)
    return { clear: () => clearTimeout(handle) }
  },
}

/** @throws HF_OPTION_INVALID */
export function relaySettings(options: RelayOptions): RelaySettings {
  const { produce, onError, clock = timers } = options
  checkFunction('produce', produce)
  checkFunction('onError', onError)
  const { pollIntervalMs = 1_000, maxRecords = 500, maxBytes = 4_194_304, produceTimeoutMs = 60_000 } = options
  const { retryBackoffMs = 500, retryBackoffMaxMs = 30_000 } = options
  const numbers = { pollIntervalMs, maxRecords, maxBytes, produceTimeoutMs, retryBackoffMs, retryBackoffMaxMs }
  for (const [option, value] of Object.entries(numbers)) checkWhole(option, value)
  const restMs = (failures: number): number => Math.min(retryBackoffMaxMs, retryBackoffMs * 2 ** (failures - 1))
  return { produce, onError, clock, ...numbers, restMs }
}

/** With this added no time-out exceeds what timers can hold. */
const MOST = 2 ** 31 - 1 - 10_000

function checkWhole(option: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1 && value <= MOST))
    throw invalid(option, String(value), `a whole number from 1 to ${MOST}`)
}

function checkFunction(option: string, value: unknown): void {
  if (typeof value !== 'function') throw invalid(option, typeof value, 'a function')
}

function invalid(option: string, shown: string, allowed: string): HoldfastError {
  return new HoldfastError(
    'HF_OPTION_INVALID',
    `${option} = ${shown} of a relay is not allowed: it must be ${allowed}.\n  Fix: correct ${option}.`,
    { details: { option } },
  )
}
