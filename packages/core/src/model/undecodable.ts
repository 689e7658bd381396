/**
 * - `damaged`: it is not as it was written, or nobody can tell; another fetch may bring it whole.
 * - `written`: it was written like that, and comes like that each time.
 * - `unsupported`: others can decode it, and this process cannot.
 */
export type UndecodableKind = 'damaged' | 'written' | 'unsupported'

/** Offsets of a log that the client cannot decode: they are fetched, and no record can be made of them. */
export interface Undecodable {
  /** The first of them that has not been handed over. */
  readonly firstOffset: number
  /** Where the log goes on; undefined where that cannot be read either. */
  readonly nextOffset: number | undefined
  readonly kind: UndecodableKind
  /** Why. */
  readonly reason: Error
}

/** The last of them; undefined where that is not known. */
export function lastOffsetOf({ nextOffset }: Undecodable): number | undefined {
  return nextOffset === undefined ? undefined : nextOffset - 1
}
