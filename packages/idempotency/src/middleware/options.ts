import { type ConsumerRecord, HoldfastError } from '@holdfast/core'
import { batchedOnce, type GatheringStore } from '../batching/batched-store.ts'
import type { IdempotencyStore } from '../store.ts'

type OfRecord<Value, Key, Headers, Answer> = (record: ConsumerRecord<Value, Key, Headers>) => Answer

/**
 * What tells a record from its repeats.
 *
 * - `offset`: topic, partition, offset and timestamp: the record itself, when it is delivered again; in a retry topic those
 *   that it came with.
 * - `record key`: the bytes of the record's key. Only where a key is used for one record.
 * - `{ header }`: the last header of this name, as a producer sets it that may send a record twice.
 * - a function of the record, such as `({ value }) => value.id`.
 */
export type KeySource<Value, Key, Headers> =
  | 'offset'
  | 'record key'
  | { readonly header: string }
  | OfRecord<Value, Key, Headers, string | Uint8Array | null | undefined>

/** Options of `idempotent`; times are milliseconds. */
export interface IdempotentOptions<Value = unknown, Key = unknown, Headers = unknown> {
  /** As `redisStore(client)`, `postgresStore(pool)`, `memoryStore()`, or one of your own. */
  readonly store: IdempotencyStore
  /** What tells a record from its repeats. A record without a key, or with an empty one, fails. @default 'offset' */
  readonly key?: KeySource<Value, Key, Headers>
  /**
   * What the keys are of, within the group. Name it so that it stays when the handler is renamed, or to share keys between
   * handlers.
   * @default the handler's name and its topics
   */
  readonly namespace?: string
  /** Keys of different tenants are different. @default none */
  readonly tenant?: OfRecord<Value, Key, Headers, string>
  /**
   * `true`: the same key with other bytes in the value fails, with `HF_IDEMPOTENCY_MISMATCH`; or what is compared in their
   * place. @default false
   */
  readonly fingerprint?: boolean | OfRecord<Value, Key, Headers, string | Uint8Array>
  /**
   * For so long after its claim a key is remembered. Should be longer than a repeat can come late; no less than `leaseMs`.
   * @default 86400000, a day
   */
  readonly windowMs?: number
  /**
   * A process that dies holds its keys for so long. It is renewed while the attempt runs, every third of it. Should be
   * longer than a process may stand still; at least 30. @default 30000
   */
  readonly leaseMs?: number
  /**
   * What becomes of the key when the handler fails: given back, or kept for retries of this record by this member until its
   * lease ends. @default 'release'
   */
  readonly onFailure?: 'release' | 'keep'
  /**
   * Whether what the handler answers is kept, as JSON, and answered in its place later. Longer ones than `maxBytes` (16384)
   * are not. @default false
   */
  readonly keepResult?: boolean | { readonly maxBytes: number }
}

/** The options with all defaults. */
export interface Settings {
  readonly store: GatheringStore
  readonly key: KeySource<unknown, unknown, unknown>
  readonly namespace: string | undefined
  readonly tenant: OfRecord<unknown, unknown, unknown, string>
  readonly fingerprint: IdempotentOptions['fingerprint']
  readonly windowMs: number
  readonly leaseMs: number
  readonly onFailure: 'release' | 'keep'
  /** 0 for keeping none. */
  readonly maxResultBytes: number
}

const MAX_RESULT_BYTES = 16_384
const DAY_MS = 86_400_000
/** What timers, and the clocks of all stores, can hold. */
const LONGEST_LEASE_MS = 2 ** 31 - 1
const LONGEST_WINDOW_MS = 10 * 366 * DAY_MS

/** @throws HF_OPTION_INVALID */
export function settingsOf(options: IdempotentOptions): Settings {
  const { store, key = 'offset', namespace, tenant = () => '', fingerprint = false } = options
  const { windowMs = DAY_MS, leaseMs = 30_000, onFailure = 'release', keepResult = false } = options
  if (typeof store?.claim !== 'function') throw invalid('store', store, 'a store, such as redisStore(client)')
  if (!isKeySource(key)) throw invalid('key', key, "'offset', 'record key', { header } or a function of a record")
  if (namespace !== undefined && namespace === '') throw invalid('namespace', namespace, 'a text that is not empty')
  checkMillis('leaseMs', leaseMs, 30, LONGEST_LEASE_MS)
  checkMillis('windowMs', windowMs, leaseMs, LONGEST_WINDOW_MS)
  if (onFailure !== 'release' && onFailure !== 'keep') throw invalid('onFailure', onFailure, "'release' or 'keep'")
  const maxResultBytes = keepResult === true ? MAX_RESULT_BYTES : keepResult === false ? 0 : keepResult.maxBytes
  checkMillis('keepResult.maxBytes', maxResultBytes, 0, 2 ** 20)
  return {
    store: batchedOnce(store),
    key,
    namespace,
    tenant,
    fingerprint,
    windowMs,
    leaseMs,
    onFailure,
    maxResultBytes,
  }
}

function isKeySource(key: unknown): boolean {
  if (key === 'offset' || key === 'record key' || typeof key === 'function') return true
  return (
    typeof key === 'object' && key !== null && 'header' in key && typeof key.header === 'string' && key.header !== ''
  )
}

function checkMillis(option: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  throw invalid(option, value, `a whole number from ${least} to ${most}`)
}

function invalid(option: string, value: unknown, allowed: string): HoldfastError {
  const shown = typeof value === 'object' || typeof value === 'function' ? typeof value : JSON.stringify(value)
  return new HoldfastError(
    'HF_OPTION_INVALID',
    `${option} = ${shown} of idempotent is not allowed: it must be ${allowed}.\n  Fix: correct ${option}.`,
    { details: { option } },
  )
}
