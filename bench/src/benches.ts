import type { Bench } from './bench.ts'
import { noop } from './noop/bench.ts'

export const BENCHES: readonly Bench[] = [noop]
