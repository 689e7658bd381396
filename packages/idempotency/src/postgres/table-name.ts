import { HoldfastError } from '@holdfast/core'

const NAME = /^[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?$/

/** @throws HF_OPTION_INVALID */
export function quotedTable(table: string): string {
  if (!NAME.test(table))
    throw new HoldfastError(
      'HF_OPTION_INVALID',
      `table = ${JSON.stringify(table)} is not allowed: it must be a name, or schema.name, of 1 to 63 lower-case letters, digits and underscores each.\n  Fix: correct table.`,
      { details: { option: 'table' } },
    )
  return table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.')
}

/** The name of the table itself, without its schema; what belongs to it is named after it. */
export function bareName(table: string): string {
  return table.slice(table.indexOf('.') + 1)
}
