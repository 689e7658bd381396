import type { IdempotencyStore } from '../store.ts'

/** What the contract needs to know of the world a store lives in. */
export interface StoreEnvironment {
  /** A store over the same keys for each call, as the members of a group have them. */
  store(): IdempotencyStore
  /** Lets so much time pass by the store's clock. @default waits */
  pass?(ms: number): Promise<void>
  close(): Promise<void>
}

/** A case of the contract. */
export interface StoreCase {
  readonly name: string
  /** Rejects where the store breaks the contract. */
  run(environment: StoreEnvironment): Promise<void>
}
