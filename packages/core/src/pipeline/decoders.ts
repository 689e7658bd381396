import type { StandardSchemaV1 } from '@standard-schema/spec'

/**
 * Turns the bytes of a key or value into what a handler takes. It throws, or rejects, with a reason when it can't; the
 * record is then not handed to the handler and its partition halts.
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

/**
 * UTF-8 JSON, checked by a Standard Schema (zod, valibot, arktype …) when one is given. A null value (a tombstone) is
 * passed on as null: make the schema nullable to accept it.
 */
export function json(): Decoder<unknown>
export function json<Schema extends StandardSchemaV1>(schema: Schema): Decoder<StandardSchemaV1.InferOutput<Schema>>
export function json(schema?: StandardSchemaV1): Decoder<unknown> {
  return (bytes) => checked(schema, bytes === null ? null : parseJson(utf8.decode(bytes)))
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
  return result instanceof Promise ? result.then(unwrap) : unwrap(result)
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

function unwrap(result: StandardSchemaV1.Result<unknown>): unknown {
  if (result.issues !== undefined) throw new SchemaMismatch(result.issues)
  return result.value
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = issue.path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return path ? `${path}: ${issue.message}` : issue.message
}
