import { BATCH_CASES } from './batch-cases.ts'
import { CLAIM_CASES } from './claim-cases.ts'
import { FENCING_CASES } from './fencing-cases.ts'
import type { StoreCase, StoreEnvironment } from './store-environment.ts'

/** What every store keeps, case by case. */
export const STORE_CASES: readonly StoreCase[] = [...CLAIM_CASES, ...FENCING_CASES, ...BATCH_CASES]

/** Options of `storeContract`. */
export interface StoreContractOptions {
  /** Names the store in the names of the cases. */
  readonly name: string
  /** Makes the world of one case; it is closed afterwards. */
  setup(): StoreEnvironment | Promise<StoreEnvironment>
}

/** A case of the contract for a test runner; `run` rejects where the store breaks it. */
export interface StoreContractTest {
  readonly name: string
  run(): Promise<void>
}

/** The cases as tests for any runner: `for (const { name, run } of storeContract(…)) test(name, run)`. */
export function storeContract({ name, setup }: StoreContractOptions): readonly StoreContractTest[] {
  return STORE_CASES.map((storeCase) => ({
    name: `${name}: ${storeCase.name}`,
    async run() {
      const environment = await setup()
      try {
        await storeCase.run(environment)
      } finally {
        await environment.close()
      }
    },
  }))
}
