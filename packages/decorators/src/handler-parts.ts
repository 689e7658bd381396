import { type Decoder, type HandlerOptions, json, type RecordOf } from '@holdfast/core'
import { refusal, shown } from './refuse.ts'

/** Any Standard Schema (zod, valibot, arktype …). */
export type Schema<Output = unknown> = NonNullable<HandlerOptions<unknown, unknown, Output>['headers']>

/** How a key or value becomes what the method takes: a decoder, or a schema, which stands for `json(schema)`. */
export type Part = Decoder<unknown> | Schema

/** What a method takes for a part. A schema goes first: the schemas of some libraries are functions too. */
export type Decoded<P extends Part> = P extends Schema
  ? RecordOf<P>['value']
  : P extends Decoder<unknown>
    ? Awaited<ReturnType<P>>
    : never

type OtherOptions = Omit<HandlerOptions<unknown, unknown, unknown>, 'value' | 'key' | 'headers' | 'batch'>

/** The options of `on`. The decorator says whether the method takes batches. */
export interface HandlerParts<Value extends Part, Key extends Part, Headers extends Schema> extends OtherOptions {
  /** A schema, for JSON, or a decoder: `json(schema)`, `string()`, `bytes()`, your own. @default the raw bytes, or null */
  readonly value?: Value
  /** As `value`, for the key. @default the raw bytes, or null */
  readonly key?: Key
  /** Any Standard Schema over an object of header names and their last values as UTF-8 text. @default `RecordHeaders` */
  readonly headers?: Headers
}

type AnyParts = HandlerParts<Part, Part, Schema>

/** The options as the core takes them. */
export function coreOptions(decorator: string, parts: AnyParts): HandlerOptions<unknown, unknown, unknown> {
  const { value, key, ...rest } = parts
  return {
    ...rest,
    ...(value === undefined ? {} : { value: decoderOf(decorator, 'value', value) }),
    ...(key === undefined ? {} : { key: decoderOf(decorator, 'key', key) }),
  }
}

function decoderOf(decorator: string, name: string, part: Part): Decoder<unknown> {
  if (isSchema(part)) return json(part)
  if (typeof part === 'function') return part
  throw refusal(
    'HF_OPTION_INVALID',
    `${name} of ${decorator} must be a schema or a decoder, not ${shown(part)}`,
    `give a Standard Schema, json(schema), string(), bytes(), or leave ${name} out`,
    { option: name },
  )
}

function isSchema(part: unknown): part is Schema {
  const mayHaveFields = (typeof part === 'object' && part !== null) || typeof part === 'function'
  return mayHaveFields && '~standard' in part
}
