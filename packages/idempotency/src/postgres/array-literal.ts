const SPECIAL = /["\\]/g

/**
 * An array as Postgres reads it from a text (`$1::text::text[]`). Clients make the same of an array, and take longer for it
 * than the rest of the call. `unnest` fills up with nulls what is shorter than the others, so that nulls alone are no array.
 */
export function arrayLiteral(values: readonly (string | number | null)[]): string | null {
  if (values.every((value) => value === null)) return null
  let literal = ''
  for (const value of values) literal += `${literal === '' ? '{' : ','}${elementOf(value)}`
  return `${literal}}`
}

function elementOf(value: string | number | null): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  return `"${value.includes('"') || value.includes('\\') ? value.replaceAll(SPECIAL, '\\$&') : value}"`
}
