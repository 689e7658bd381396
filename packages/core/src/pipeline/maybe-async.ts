import { isThenable } from '../model/thenable.ts'

/** Goes on with what a function of the user returned: at once, or when it resolves or rejects. */
export function after<V, T>(
  result: V | PromiseLike<V>,
  next: (value: V) => T,
  otherwise?: (error: unknown) => T,
): T | Promise<T> {
  return isThenable(result) ? Promise.resolve(result as PromiseLike<V>).then(next, otherwise) : next(result)
}
