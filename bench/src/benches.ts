import { backlog } from './backlog/bench.ts'
import type { Bench } from './bench.ts'
import { lanes } from './lanes/bench.ts'
import { ledger } from './ledger/bench.ts'
import { longtail } from './longtail/bench.ts'
import { noop } from './noop/bench.ts'
import { once } from './once/bench.ts'
import { poison } from './poison/bench.ts'
import { retries } from './retries/bench.ts'
import { threads } from './threads/bench.ts'
import { wait5ms } from './wait5ms/bench.ts'
import { zipf } from './zipf/bench.ts'

export const BENCHES: readonly Bench[] = [
  noop,
  wait5ms,
  longtail,
  zipf,
  poison,
  ledger,
  lanes,
  backlog,
  retries,
  threads,
  once,
]
