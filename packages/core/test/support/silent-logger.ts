import type { Logger } from '../../src/ports/logger.ts'

export const silentLogger: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
}

export interface LogLine {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error'
  readonly fields: Record<string, unknown>
  readonly message: string
}

/** A logger that keeps its lines. */
export function recordingLogger(lines: LogLine[] = []): { readonly logger: Logger; readonly lines: LogLine[] } {
  const method = (level: LogLine['level'], base: object) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...base, ...fields }, message })
  const make = (base: object): Logger => ({
    trace: method('trace', base),
    debug: method('debug', base),
    info: method('info', base),
    warn: method('warn', base),
    error: method('error', base),
    child: (fields) => make({ ...base, ...fields }),
  })
  return { logger: make({}), lines }
}
