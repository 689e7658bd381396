import { HoldfastError } from '@holdfast/core'

/** A value as text, and where it was written: a flag, or a property of the file. */
export interface Given {
  readonly origin: string
  readonly text: string
}

/** What was given, by the Kafka property that it sets. */
export type GivenProperties = ReadonlyMap<string, Given>

/** A refusal that names the flag or property, the reason and the fix. */
export function refuse(origin: string, reason: string, fix: string): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `${origin} ${reason}.\n  Fix: ${fix}.`, { details: { option: origin } })
}

export function readWholeNumber({ origin, text }: Given): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text)
  throw refuse(origin, `= ${JSON.stringify(text)} is not a whole number`, `correct ${origin}, or leave it out`)
}

/** One of the values, whatever its case. */
export function readOneOf<Value extends string>({ origin, text }: Given, values: readonly Value[]): Value {
  const found = values.find((value) => value.toLowerCase() === text.toLowerCase())
  if (found !== undefined) return found
  throw refuse(origin, `= ${JSON.stringify(text)} is not known`, `use ${values.join(' or ')}`)
}

export function readList({ text }: Given): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

/** Reads a file that a flag or property names. */
export type ReadText = (path: string, origin: string) => string

export function textReader(readFile: (path: string) => string): ReadText {
  return (path, origin) => {
    try {
      return readFile(path)
    } catch (error) {
      throw refuse(origin, `= ${path} cannot be read (${(error as Error).message})`, 'name a file that can be read')
    }
  }
}
