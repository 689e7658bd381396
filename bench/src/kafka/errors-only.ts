import type { Logger } from '@holdfast/core'

const silent = (): void => undefined

/** A benchmark measures no logging, and hides no error. */
export const errorsOnly: Logger = {
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: console.error,
  child: () => errorsOnly,
}
