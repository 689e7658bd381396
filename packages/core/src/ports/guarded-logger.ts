import type { Logger } from './logger.ts'

type Level = Exclude<keyof Logger, 'child'>
type Fields = Record<string, unknown>

/**
 * A user's logger that cannot break what logs: lines that it throws for, rejects, or has no method for are lost. Where it cannot
 * make children, what these would name is in each line.
 */
export function guardedLogger(logger: Logger): Logger {
  return logger instanceof GuardedLogger ? logger : new GuardedLogger(logger, {})
}

class GuardedLogger implements Logger {
  readonly #logger: Logger
  readonly #fields: Fields
  /** They stand by themselves, so that they can be taken out. */
  readonly trace: Logger['trace'] = (...line) => this.#write('trace', line)
  readonly debug: Logger['debug'] = (...line) => this.#write('debug', line)
  readonly info: Logger['info'] = (...line) => this.#write('info', line)
  readonly warn: Logger['warn'] = (...line) => this.#write('warn', line)
  readonly error: Logger['error'] = (...line) => this.#write('error', line)

  constructor(logger: Logger, fields: Fields) {
    this.#logger = logger
    this.#fields = fields
  }

  child(fields: Fields): Logger {
    try {
      const child: unknown = this.#logger.child(fields)
      if (typeof child === 'object' && child !== null) return new GuardedLogger(child as Logger, this.#fields)
    } catch {}
    return new GuardedLogger(this.#logger, { ...this.#fields, ...fields })
  }

  /** What a handler gives beside fields and message goes on to its logger. */
  #write(level: Level, line: Parameters<Logger[Level]>): void {
    try {
      const answer: unknown = this.#logger[level]?.(...this.#named(line))
      if (answer instanceof Promise) answer.catch(() => undefined)
    } catch {}
  }

  /** As pino takes them: an error alone is the field `err`, and a text has none. */
  #named(line: Parameters<Logger[Level]>): Parameters<Logger[Level]> {
    if (Object.keys(this.#fields).length === 0) return line
    const [first, ...rest] = line as readonly unknown[]
    if (typeof first === 'string') return [this.#fields, first]
    return [
      { ...this.#fields, ...(first instanceof Error ? { err: first } : (first as object)) },
      ...rest,
    ] as unknown as Parameters<Logger[Level]>
  }
}
