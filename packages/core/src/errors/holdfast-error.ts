import { ERROR_CODES } from './codes.ts'
import type { ErrorCode } from './error-code.ts'

/** What an error carries beside its code and message. */
export interface HoldfastErrorOptions {
  readonly cause?: unknown
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * The one error class of holdfast. `code` is stable and listed in `ERROR_CODES`; `details` holds the setting, or the
 * topic, partition and offset, that the message names.
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: HoldfastErrorOptions = {}) {
    super(`${code}: ${message}`, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.details = Object.freeze({ ...options.details })
  }

  /** Whether trying again, without changing anything, can help. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable
  }

  toJSON(): Record<string, unknown> {
    return { name: this.name, code: this.code, message: this.message, retryable: this.retryable, details: this.details }
  }
}

/** The name of the class of a thrown value, or its type. Total, as `describeError`. */
export function classOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.name) : typeof error
  } catch {
    return typeof error
  }
}

/** Any thrown value in a few words. Total: handlers throw strings, `undefined`, and objects that throw when looked at. */
export function describeError(error: unknown): string {
  try {
    if (error instanceof HoldfastError) return error.message
    if (error instanceof Error) return error.message === '' ? String(error.name) : `${error.name}: ${error.message}`
    if (typeof error === 'string') return `a thrown string: ${error}`
    return `a thrown ${error === null ? 'null' : typeof error}`
  } catch {
    return 'a thrown object that cannot be described'
  }
}
