import type { KafkaVia, RunningKafka } from './cluster.ts'
import type { KafkaRequest } from './options.ts'

export type BringUp =
  | { readonly up: RunningKafka }
  /** This way does not lead to a broker here; the next one is tried. */
  | { readonly absent: string; readonly remedy?: string }

/** One rung of the ladder. What it throws ends the search. */
export interface Way {
  readonly via: KafkaVia
  /** As it reads in the one line and in errors. */
  readonly label: string
  bringUp(request: KafkaRequest): Promise<BringUp>
}
