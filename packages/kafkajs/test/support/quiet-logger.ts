import type { Logger } from '@holdfast/core'

const ignore = (): void => undefined

export const quietLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => quietLogger,
}
