import { createHash, randomUUID } from 'node:crypto'
import { type AttemptCall, type ConsumerRecord, HoldfastError, partitionName, type RecordOrigin } from '@holdfast/core'
import { claimKey } from '../claim-key.ts'
import type { ClaimRequest } from '../store.ts'
import type { Settings } from './options.ts'

/** A member has a new id after each eviction. */
const MOST_MEMBERS = 1_000

type AnyRecord = ConsumerRecord<unknown, unknown, unknown>

/** Makes the claims of an attempt's records. */
export class Requests {
  readonly #settings: Settings
  readonly #process: string = randomUUID()
  /** By the topics of a handler. */
  readonly #namespaces = new WeakMap<AttemptCall['topics'], string>()
  /** By member and topic, of which there are few at a time. */
  readonly #members = new Map<string, string>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** @throws HF_IDEMPOTENCY_KEY_MISSING; what a function of the options throws */
  of(record: AnyRecord, raw: ConsumerRecord, call: AttemptCall): ClaimRequest {
    const { tenant, leaseMs, windowMs } = this.#settings
    const namespace = this.#namespaceOf(call)
    const key = claimKey({
      groupId: call.groupId,
      namespace,
      tenant: checked('tenant', tenant(record), 'a text', raw, call),
      key: this.#keyOf(record, raw, call),
    })
    return {
      key,
      owner: this.#ownerOf(raw, call),
      fingerprint: this.#fingerprintOf(record, raw, call),
      leaseMs,
      windowMs,
    }
  }

  #namespaceOf({ handler, topics }: AttemptCall): string {
    const { namespace } = this.#settings
    if (namespace !== undefined) return namespace
    const known = this.#namespaces.get(topics)
    if (known !== undefined) return known
    const made = [handler, ...topics].join(' ')
    this.#namespaces.set(topics, made)
    return made
  }

  #keyOf(record: AnyRecord, raw: ConsumerRecord, call: AttemptCall): string | Uint8Array {
    const { key: source } = this.#settings
    if (source === 'offset') return placeOf(call.originOf(raw))
    const key =
      source === 'record key' ? raw.key : typeof source === 'function' ? source(record) : raw.headers.get(source.header)
    if (key === null || key === undefined || key.length === 0) throw keyMissing(raw, call, this.#settings)
    return checked('key', key, TEXT_OR_BYTES, raw, call)
  }

  /**
   * The same for every attempt of this member at the record, so that one claims again what another got without knowing it.
   * Attempts of other members, and under another assignment, are by other owners.
   */
  #ownerOf({ topic, partition, offset }: ConsumerRecord, { memberId, epoch }: AttemptCall): string {
    const name = `${memberId} ${topic}`
    let member = this.#members.get(name)
    if (member === undefined) {
      if (this.#members.size >= MOST_MEMBERS) this.#members.clear()
      member = digest(`${this.#process} ${name}`).slice(0, 16)
      this.#members.set(name, member)
    }
    return `${member}.${epoch}.${partition}.${offset}`
  }

  #fingerprintOf(record: AnyRecord, raw: ConsumerRecord, call: AttemptCall): string | null {
    const { fingerprint } = this.#settings
    if (fingerprint === false || fingerprint === undefined) return null
    if (typeof fingerprint === 'function')
      return digest(checked('fingerprint', fingerprint(record), TEXT_OR_BYTES, raw, call))
    return raw.value === null ? 'null' : digest(raw.value)
  }
}

/**
 * A topic that is created anew counts from 0 again; the timestamp tells its records from those before. Nothing here needs
 * escaping.
 */
function placeOf({ topic, partition, offset, timestamp }: RecordOrigin): string {
  return `${topic}-${partition}@${offset}.${timestamp}`
}

const TEXT_OR_BYTES = 'a text or bytes'

/** What a function of the options answered. */
function checked<Answer>(
  option: string,
  answer: Answer,
  allowed: string,
  record: ConsumerRecord,
  { handler }: AttemptCall,
): Answer {
  if (typeof answer === 'string' || (answer instanceof Uint8Array && allowed === TEXT_OR_BYTES)) return answer
  const isPromise = answer instanceof Promise
  // Nobody else would catch what it rejects with.
  if (isPromise) answer.catch(() => undefined)
  const { topic, partition, offset } = record
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `${option} of idempotent answered ${isPromise ? 'a promise' : typeof answer} for ${partitionName(record)}@${offset} of ${handler}: it must answer ${allowed}, at once. No handler was called.\n  Fix: correct the function ${option}.`,
    { details: { option, topic, partition, offset, handler } },
  )
}

function digest(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('base64url')
}

function keyMissing(record: ConsumerRecord, { handler }: AttemptCall, { key }: Settings): HoldfastError {
  const { topic, partition, offset } = record
  const source =
    typeof key === 'function' ? 'the function key' : typeof key === 'object' ? `the header ${key.header}` : key
  return new HoldfastError(
    'HF_IDEMPOTENCY_KEY_MISSING',
    `${partitionName(record)}@${offset} has no idempotency key for ${handler}: ${source} gives none, or an empty one.\n  Fix: let the producer set it, or choose another key.`,
    { details: { topic, partition, offset, handler } },
  )
}
