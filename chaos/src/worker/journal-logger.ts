import type { Logger } from '@holdfast/core'
import type { Journal } from '../history/journal.ts'
import { ProcessorTime } from './processor-time.ts'

const ignore = (): void => undefined
const processor = new ProcessorTime()

/** Warnings and errors go into the history, each with its fields. */
export function createJournalLogger(journal: Journal, common: Readonly<Record<string, unknown>> = {}): Logger {
  const noteAt =
    (level: 'warn' | 'error') =>
    (fields: object, message: string): void =>
      journal.note({ kind: 'log', level, message, fields: withProcessor(readable({ ...common, ...fields })) })
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

/** What lasted is told with what this process used of the processor meanwhile: the machine may have held it up. */
function withProcessor(fields: Record<string, unknown>): Record<string, unknown> {
  const { durationMs } = fields
  return typeof durationMs === 'number' ? { ...fields, processorMs: Math.round(processor.usedIn(durationMs)) } : fields
}
