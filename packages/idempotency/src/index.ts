export { type BatchedStore, type BatchingOptions, batched } from './batching/batched-store.ts'
export { claimKey, type KeyParts } from './claim-key.ts'
export { claimOf } from './middleware/held.ts'
export { idempotent } from './middleware/idempotent.ts'
export type { IdempotentOptions, KeySource } from './middleware/options.ts'
export type {
  Claim,
  ClaimRequest,
  ClaimResult,
  Completion,
  IdempotencyStore,
  KeyState,
  Renewal,
  WriteResult,
} from './store.ts'
