/** A flag that is not taken: why, and what to write instead. */
export class FlagError extends Error {
  constructor(reason: string, fix: string) {
    super(`${reason}.\n  Fix: ${fix}.`)
  }
}

export interface NumberRange {
  /** What is allowed, in words that complete "must be …". */
  readonly allowed: string
  has(value: number): boolean
}

const MAX_SEED = 2 ** 31 - 1

export const SEED: NumberRange = {
  allowed: `a whole number from 0 to ${MAX_SEED}`,
  has: (value) => Number.isInteger(value) && value >= 0 && value <= MAX_SEED,
}

export const DURATION: NumberRange = {
  allowed: 'a number above 0',
  has: (value) => Number.isFinite(value) && value > 0,
}

/** @throws FlagError */
export function readNumber(flag: string, text: string | undefined, fallback: number, range: NumberRange): number {
  if (text === undefined) return fallback
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (range.has(value)) return value
  throw new FlagError(
    `--${flag} ${text} is not allowed: it must be ${range.allowed}`,
    `correct --${flag}, or leave it out`,
  )
}
