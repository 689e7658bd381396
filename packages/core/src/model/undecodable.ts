/** Offsets of a log that the client cannot decode: they are fetched, and no record can be made of them. */
export interface Undecodable {
  /** The first of them that has not been handed over. */
  readonly firstOffset: number
  /** Where the log goes on; undefined where that cannot be read either. */
  readonly nextOffset: number | undefined
  /** Why. */
  readonly reason: Error
}

/** The last of them; undefined where that is not known. */
export function lastOffsetOf({ nextOffset }: Undecodable): number | undefined {
  return nextOffset === undefined ? undefined : nextOffset - 1
}
