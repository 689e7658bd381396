import { ERROR_CODES } from '../errors/codes.ts'
import type { ErrorCode } from '../errors/error-code.ts'
import { describeError, HoldfastError } from '../errors/holdfast-error.ts'
import { isCloneable } from './pack.ts'

/** A value in a form that can be cloned. Structured clone alone keeps neither an error's class nor its fields. */
export type Carried =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'list'; readonly entries: readonly Carried[] }
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'error'
      readonly name: string
      readonly message: string
      readonly stack: string | undefined
      readonly fields: readonly (readonly [name: string, field: Carried])[]
    }

const MAX_DEPTH = 6
/** Set when the error is made again, or not enumerable and yet worth carrying. */
const OWN = ['name', 'message', 'stack']
const HIDDEN = ['code', 'cause', 'errors']
const BUILT_IN: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

/** Total: of what cannot be cloned a few words are left. */
export function carry(value: unknown, depth: number = MAX_DEPTH): Carried {
  try {
    if (depth > 0 && value instanceof Error) return carryError(value, depth)
    if (depth > 0 && Array.isArray(value) && value.some((entry) => entry instanceof Error)) {
      return { type: 'list', entries: value.map((entry) => carry(entry, depth - 1)) }
    }
  } catch {
    return { type: 'text', text: describeError(value) }
  }
  return isCloneable(value) ? { type: 'value', value } : { type: 'text', text: describeError(value) }
}

function carryError(error: Error, depth: number): Carried {
  const names = new Set([...Object.keys(error), ...HIDDEN.filter((name) => name in error)])
  const fields = [...names]
    .filter((name) => !OWN.includes(name))
    .map((name) => [name, carry((error as unknown as Record<string, unknown>)[name], depth - 1)] as const)
    .filter(([, { type }]) => type !== 'text')
  // A process can have stacks that are no text, and cannot be cloned.
  const stack = typeof error.stack === 'string' ? error.stack : undefined
  return { type: 'error', name: String(error.name), message: String(error.message), stack, fields }
}

export function uncarry(carried: Carried): unknown {
  switch (carried.type) {
    case 'value':
      return carried.value
    case 'text':
      return carried.text
    case 'list':
      return carried.entries.map(uncarry)
    case 'error':
      return uncarryError(carried)
  }
}

function uncarryError({ name, message, stack, fields }: Extract<Carried, { type: 'error' }>): Error {
  const values = Object.fromEntries(fields.map(([field, value]) => [field, uncarry(value)]))
  const error = ourOwn(name, message, values) ?? new (BUILT_IN[name] ?? Error)(message)
  if (error.name !== name) defineHidden(error, 'name', name)
  defineHidden(error, 'stack', stack)
  for (const [field, value] of Object.entries(values)) {
    if (Object.hasOwn(error, field)) continue
    if (HIDDEN.includes(field) && field !== 'code') defineHidden(error, field, value)
    else (error as unknown as Record<string, unknown>)[field] = value
  }
  return error
}

function ourOwn(name: string, message: string, { code, details, cause }: Record<string, unknown>): Error | undefined {
  if (name !== 'HoldfastError' || typeof code !== 'string' || !Object.hasOwn(ERROR_CODES, code)) return undefined
  const text = message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message
  return new HoldfastError(code as ErrorCode, text, {
    details: details as Record<string, unknown>,
    ...(cause === undefined ? {} : { cause }),
  })
}

function defineHidden(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true, enumerable: false })
}
