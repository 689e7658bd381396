import { COMMIT_CASES } from './commit-cases.ts'
import type { DriverCase, DriverEnvironment } from './driver-environment.ts'
import { FETCH_CASES } from './fetch-cases.ts'
import { GROUP_CASES } from './group-cases.ts'
import { LOG_CASES } from './log-cases.ts'
import { MEMBER_CASES } from './member-cases.ts'
import { PRODUCE_CASES } from './produce-cases.ts'
import { TRANSACTION_CASES } from './transaction-cases.ts'

export type { DriverCase, DriverEnvironment } from './driver-environment.ts'

/** What every driver keeps, case by case. */
export const DRIVER_CASES: readonly DriverCase[] = [
  ...GROUP_CASES,
  ...MEMBER_CASES,
  ...FETCH_CASES,
  ...COMMIT_CASES,
  ...PRODUCE_CASES,
  ...LOG_CASES,
  ...TRANSACTION_CASES,
]

/** Options of `driverContract`. */
export interface DriverContractOptions {
  /** Names the driver in the names of the cases. */
  readonly name: string
  /** Makes the world of one case; it is closed afterwards. */
  setup(): DriverEnvironment | Promise<DriverEnvironment>
}

/** A case of the contract; `run` rejects where the driver breaks it. */
export interface ContractTest {
  readonly name: string
  run(): Promise<void>
}

/**
 * The cases as tests for any runner: `for (const { name, run } of driverContract(…)) test(name, run)`. Cases that the
 * environment cannot play resolve without a check.
 */
export function driverContract({ name, setup }: DriverContractOptions): readonly ContractTest[] {
  return DRIVER_CASES.map((driverCase) => ({
    name: `${name}: ${driverCase.name}`,
    async run() {
      const environment = await setup()
      try {
        if (driverCase.needsTransactions && environment.driver('any').hasTransactions !== true) return
        if (driverCase.needsUndeliverable && environment.produceUndeliverable === undefined) return
        await driverCase.run(environment)
      } finally {
        await environment.close()
      }
    },
  }))
}
