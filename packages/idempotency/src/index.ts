export { claimKey, type KeyParts } from './claim-key.ts'
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
