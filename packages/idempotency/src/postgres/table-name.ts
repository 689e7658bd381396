import { createHash } from 'node:crypto'
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

/** What belongs to a table is named after it, without its schema; where that is too long, names stay apart by a digest. */
export function nameBeside(table: string, suffix: string): string {
  const bare = table.slice(table.indexOf('.') + 1)
  const room = LONGEST - suffix.length
  if (bare.length <= room) return bare + suffix
  const digest = createHash('sha256').update(bare).digest('hex').slice(0, 8)
  return `${bare.slice(0, room - digest.length - 1)}_${digest}${suffix}`
}

/** Postgres cuts off the rest of a name. */
const LONGEST = 63
