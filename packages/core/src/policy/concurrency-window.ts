/** Fewer attempts say nothing. */
export const MIN_WINDOW_ATTEMPTS = 10
const MIN_WINDOW_MS = 1_000
/** Every slot ends so many attempts. */
const ROUNDS = 2
/** Where many slots are idle the rounds take long: it is enough to have waited for so many handler times. */
const MAX_ROUNDS = 4

export interface WindowSoFar {
  readonly elapsedMs: number
  readonly slots: number
  /** Attempts that ended. */
  readonly attempts: number
  /** The time that they took together. */
  readonly attemptMs: number
}

/**
 * Whether a window holds enough to be judged. It is as long as its handlers need: a second for fast ones, some minutes for
 * slow ones.
 */
export function isWindowOver({ elapsedMs, slots, attempts, attemptMs }: WindowSoFar): boolean {
  if (elapsedMs < MIN_WINDOW_MS || attempts < MIN_WINDOW_ATTEMPTS) return false
  return attempts >= ROUNDS * slots || elapsedMs >= (MAX_ROUNDS * attemptMs) / attempts
}
