import type { StandardSchemaV1 } from '@standard-schema/spec'
import { HoldfastError } from '../errors/holdfast-error.ts'
import { isThenable } from '../model/thenable.ts'
import { checkDepth, checkKeys } from './json-guard.ts'

/**
 * Turns the bytes of a key or value into what a handler takes. It throws, or rejects, with a reason when it can't; the
 * record is then not handed to the handler, and not tried again. What it needs may be away, such as a registry of schemas:
 * `Unavailable` and `RetryLater` count as from a handler, and so does `Skip`.
 */
export type Decoder<Output> = (bytes: Buffer | null) => Output | Promise<Output>

const MAX_ISSUES = 5
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A part that does not pass its schema. Its message lists the first issues with their paths, never the value. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch'
  readonly issues: readonly StandardSchemaV1.Issue[]

  constructor(issues: readonly StandardSchemaV1.Issue[]) {
    const shown = issues.slice(0, MAX_ISSUES).map(describeIssue)
    if (issues.length > MAX_ISSUES) shown.push(`and ${issues.length - MAX_ISSUES} more`)
    super(shown.join('; '))
    this.issues = issues.slice(0, MAX_ISSUES)
  }
}

/** Options of `json`. */
export interface JsonOptions {
  /**
   * How deep arrays and objects may be nested: `JSON.parse` takes any depth, but what copies, writes or checks the result
   * recursively runs out of stack at some thousand levels. @default 1000
   */
  readonly maxJsonDepth?: number
  /**
   * Lets the keys `__proto__` and `constructor.prototype` through. `JSON.parse` makes plain keys of them, which change a
   * prototype when the result is copied key by key. @default false
   */
  readonly allowPrototypeKeys?: boolean
}

const DEFAULT_JSON_DEPTH = 1_000

/**
 * UTF-8 JSON, checked by a Standard Schema (zod, valibot, arktype …) when one is given. A null value (a tombstone) is
 * passed on as null: make the schema nullable to accept it. A byte order mark is passed over; of equal keys the last counts.
 * @throws HF_OPTION_INVALID
 */
export function json(): Decoder<unknown>
export function json<Schema extends StandardSchemaV1>(
  schema: Schema,
  options?: JsonOptions,
): Decoder<StandardSchemaV1.InferOutput<Schema>>
export function json(schema: undefined, options: JsonOptions): Decoder<unknown>
export function json(schema?: StandardSchemaV1, options: JsonOptions = {}): Decoder<unknown> {
  const { maxJsonDepth = DEFAULT_JSON_DEPTH, allowPrototypeKeys = false } = options
  if (!Number.isSafeInteger(maxJsonDepth) || maxJsonDepth < 1) throw depthInvalid(maxJsonDepth)
  return (bytes) => {
    if (bytes === null) return checked(schema, null)
    checkDepth(bytes, maxJsonDepth)
    const text = utf8.decode(bytes)
    const parsed = parseJson(text)
    if (!allowPrototypeKeys) checkKeys(text, parsed)
    return checked(schema, parsed)
  }
}

/** UTF-8 text; malformed bytes are an error and never replaced. */
export function string(): Decoder<string | null>
export function string<Schema extends StandardSchemaV1>(schema: Schema): Decoder<StandardSchemaV1.InferOutput<Schema>>
export function string(schema?: StandardSchemaV1): Decoder<unknown> {
  return (bytes) => checked(schema, bytes === null ? null : utf8.decode(bytes))
}

/** The bytes as they came. */
export function bytes(): Decoder<Buffer | null>
export function bytes<Schema extends StandardSchemaV1>(schema: Schema): Decoder<StandardSchemaV1.InferOutput<Schema>>
export function bytes(schema?: StandardSchemaV1): Decoder<unknown> {
  return (raw) => checked(schema, raw)
}

/** Passes a value through a schema; synchronous where the schema is. */
export function checked(schema: StandardSchemaV1 | undefined, value: unknown): unknown {
  if (schema === undefined) return value
  const result = schema['~standard'].validate(value)
  return isThenable(result)
    ? Promise.resolve(result as Promise<StandardSchemaV1.Result<unknown>>).then(unwrap)
    : unwrap(result)
}

/** The engine's own message quotes the text, and payloads are never shown. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1]
    throw new SyntaxError(
      `not JSON${position === undefined ? '' : ` at position ${position}`}, ${text.length} characters`,
    )
  }
}

function depthInvalid(maxJsonDepth: unknown): HoldfastError {
  return new HoldfastError(
    'HF_OPTION_INVALID',
    `maxJsonDepth = ${String(maxJsonDepth)} is not allowed: it must be a whole number of at least 1.\n  Fix: correct maxJsonDepth of json(), or leave it out.`,
    { details: { option: 'maxJsonDepth' } },
  )
}

function unwrap(result: StandardSchemaV1.Result<unknown>): unknown {
  if (result.issues !== undefined) throw new SchemaMismatch(result.issues)
  return result.value
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = issue.path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return path ? `${path}: ${issue.message}` : issue.message
}
