import { HoldfastError } from '../errors/holdfast-error.ts'

const MAX_TIMER_MS = 2 ** 31 - 1

/** @throws HF_OPTION_INVALID */
export function checkMillis(middleware: string, option: string, value: unknown): void {
  checkCount(middleware, option, value, MAX_TIMER_MS)
}

/** @throws HF_OPTION_INVALID */
export function checkCount(
  middleware: string,
  option: string,
  value: unknown,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `${option} of ${middleware} must be a whole number between 1 and ${most}, not ${typeof value === 'number' ? value : typeof value}.\n  Fix: correct ${option}.`,
    { details: { option: `${middleware}.${option}` } },
  )
}
