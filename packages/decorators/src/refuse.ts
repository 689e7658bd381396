import { type ErrorCode, HoldfastError } from '@holdfast/core'

/** An error in the core's form: what is wrong, why, and the fix. */
export function refusal(
  code: ErrorCode,
  reason: string,
  fix: string,
  details: Readonly<Record<string, unknown>> = {},
): HoldfastError {
  return new HoldfastError(code, `${reason}.\n  Fix: ${fix}.`, { details })
}

/** The class of an instance, as messages and logs call it. */
export function classNameOf(instance: object): string {
  const cls: unknown = instance.constructor
  return typeof cls === 'function' ? nameOf(cls) : 'an object without a class'
}

export function nameOf(cls: object): string {
  const { name } = cls as { readonly name?: unknown }
  return typeof name === 'string' && name !== '' ? name : 'an anonymous class'
}

/** A value that should have been something else, in a word or two. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return nameOf(value)
  return typeof value === 'object' ? classNameOf(value) : `a ${typeof value}`
}
