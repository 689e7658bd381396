export type ViolationKind =
  | 'lost'
  | 'repeat'
  | 'order'
  | 'early commit'
  | 'commit went back'
  | 'stall'
  | 'leak'
  | 'zombie'
  | 'drain'
  | 'process'
  | 'nothing shown'

/** A promise that was broken, or something without which a run shows nothing. */
export interface Violation {
  readonly kind: ViolationKind
  readonly text: string
}
