/** The same for both halves of the benchmark. */
export const PARTITIONS = 6
export const SLOTS = 100
export const WAIT_MS = 5
