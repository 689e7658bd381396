/** One contestant: it reads the whole topic once. */
export interface ArmSettings {
  readonly arm: string
  readonly brokers: readonly string[]
  readonly topic: string
  readonly groupId: string
  readonly records: number
}

/** What one run of an arm came to. */
export interface Sample {
  readonly recordsPerSecond: number
  readonly cpuMicrosPerRecord: number
  readonly rssMiB: number
}

/** Runs an arm until it has seen every record; `seen` is told how many came. */
export type Arm = (settings: ArmSettings, seen: (count: number) => void) => Promise<() => Promise<void>>
