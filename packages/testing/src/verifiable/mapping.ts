import { HoldfastError } from '@holdfast/core'
import type { Given, GivenProperties } from './given.ts'

/** How a property becomes an option of `Options`. */
export type Mapping<Options> = Readonly<
  Record<string, readonly [option: keyof Options, read: (given: Given) => unknown]>
>

/** The options that were given, by a table of their properties. */
export function mapOptions<Options>(mapping: Mapping<Options>, given: GivenProperties): Partial<Options> {
  const found = Object.entries(mapping).flatMap(([property, [option, read]]) => {
    const value = given.get(property)
    return value === undefined ? [] : [[option, read(value)] as const]
  })
  return Object.fromEntries(found) as Partial<Options>
}

/** Which flag or property set which option. */
export type Origins = ReadonlyMap<string, string>

export function originsOf<Options>(
  mapping: Mapping<Options>,
  given: GivenProperties,
): [option: string, origin: string][] {
  return Object.entries(mapping).flatMap(([property, [option]]) => {
    const value = given.get(property)
    return value === undefined ? [] : [[String(option), value.origin]]
  })
}

/** An option that is refused is named by what set it. */
export function withOrigins<T>(origins: Origins, create: () => T): T {
  try {
    return create()
  } catch (error) {
    throw nameOrigin(error, origins)
  }
}

function nameOrigin(error: unknown, origins: Origins): unknown {
  if (!(error instanceof HoldfastError)) return error
  const { code, message, details } = error
  const origin = origins.get(String(details.option))
  if (origin === undefined) return error
  const reason = message.slice(`${code}: `.length)
  return new HoldfastError(code, `${origin} sets ${details.option}: ${reason}`, { cause: error, details })
}
