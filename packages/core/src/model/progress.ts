/** What a commit says, taken from the ledger at one instant. */
export interface Progress {
  readonly offset: number
  readonly metadata: string
  /** Whether the text says all that is done past the offset. */
  readonly isComplete: boolean
  /** The ledger's count of settled offsets, by which a later instant is told from this one. */
  readonly settled: number
}
