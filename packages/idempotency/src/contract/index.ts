export {
  STORE_CASES,
  type StoreContractOptions,
  type StoreContractTest,
  storeContract,
} from './store-contract.ts'
export type { StoreCase, StoreEnvironment } from './store-environment.ts'
