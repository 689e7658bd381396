/** Who holds a partition back. A partition is paused while any cause holds; no cause can end another's. */
export type PauseCause =
  | 'user'
  | 'backpressure'
  | 'uncommitted'
  | 'metadata'
  | 'watchdog'
  | 'dead letter'
  | 'retry topic'
  | 'circuit'
  | 'dependency'
  | 'halted'
  | 'draining'
