type LogMethod = (fields: object, message: string) => void

/** The part of pino that holdfast calls; a pino instance fits as it is. */
export interface Logger {
  trace: LogMethod
  debug: LogMethod
  info: LogMethod
  warn: LogMethod
  error: LogMethod
  child(fields: Record<string, unknown>): Logger
}
