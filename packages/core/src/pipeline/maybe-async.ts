import { isThenable } from '../model/thenable.ts'

/** Goes on with what a function of the user returned: at once, or when it resolves or rejects. */
export function after<T>(
  result: unknown,
  next: (value: unknown) => T,
  otherwise?: (error: unknown) => T,
): T | Promise<T> {
  return isThenable(result) ? Promise.resolve(result).then(next, otherwise) : next(result)
}
