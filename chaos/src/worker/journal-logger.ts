import type { Logger } from '@holdfast/core'
import type { Journal } from '../history/journal.ts'

const ignore = (): void => undefined

/** Warnings and errors go into the history, each with its fields. */
export function createJournalLogger(journal: Journal, common: Readonly<Record<string, unknown>> = {}): Logger {
  const noteAt =
    (level: 'warn' | 'error') =>
    (fields: object, message: string): void =>
      journal.note({ kind: 'log', level, message, fields: readable({ ...common, ...fields }) })
  return {
    trace: ignore,
    debug: ignore,
    info: ignore,
    warn: noteAt('warn'),
    error: noteAt('error'),
    child: (fields) => createJournalLogger(journal, { ...common, ...fields }),
  }
}

/** Errors have nothing that JSON shows. */
function readable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.message : value]),
  )
}
