import { inspect } from 'node:util'
import type { DriverFactory } from '../ports/driver.ts'

/** Whether a value is the default, was given, or follows from other options. */
export type Origin = 'default' | 'given' | 'derived'

/** One option as it is in force. */
export interface ConfigEntry {
  readonly name: string
  readonly value: string
  readonly origin: Origin
}

const MAX_SHOWN = 120

/**
 * A value for people: short and on one line. A driver shows what it says of itself, which holds no secret; of any other
 * object that holds more than plain values only the keys are shown, since what was given may be credentials.
 */
export function showValue(value: unknown): string {
  if (isListOfFunctions(value)) return `[ ${value.map(({ name }) => name || 'anonymous').join(', ')} ]`
  if (isDriverFactory(value)) return `${value.name} → ${value.describe()}`
  if (mayHoldSecrets(value)) return `an object with ${Object.keys(value).join(', ') || 'no keys'}`
  const text = inspect(value, {
    depth: 1,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 10,
    maxStringLength: 100,
  })
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`
}

/** The options as a table of name, value and origin. */
export function formatEntries(entries: readonly ConfigEntry[]): string {
  const width = (pick: (entry: ConfigEntry) => string): number =>
    Math.max(...entries.map((entry) => pick(entry).length))
  const [names, values] = [width((entry) => entry.name), width((entry) => entry.value)]
  return entries
    .map((entry) => `${entry.name.padEnd(names)}  ${entry.value.padEnd(values)}  ${entry.origin}`)
    .join('\n')
}

function mayHoldSecrets(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return false
  const isHarmless = (part: unknown): boolean =>
    ['number', 'boolean', 'undefined'].includes(typeof part) ||
    (Array.isArray(value) && (typeof part === 'string' || part instanceof RegExp))
  return !Object.values(value).every(isHarmless)
}

function isListOfFunctions(value: unknown): value is readonly { readonly name: string }[] {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'function')
}

function isDriverFactory(value: unknown): value is DriverFactory {
  return typeof value === 'object' && value !== null && 'describe' in value && 'create' in value
}
