/** A record as every way of delivery hands it over. */
export interface Delivered {
  readonly partition: number
  readonly offset: number
  readonly key: Buffer | null
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

export type Handle = (record: Delivered) => Promise<void>
