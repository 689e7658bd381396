/**
 * The life of a consumer. It runs once.
 *
 * - `idle`: created; nothing is connected. Left by `run` or `stop`.
 * - `starting`: the driver connects and joins the group. Left when the first assignment arrives, on failure, or by `stop`.
 * - `running`: records flow. Left by `stop`, by the signal given to `run`, or by a failure.
 * - `stopping`: no intake; what runs may finish within `shutdownTimeoutMs`; offsets are committed; the member leaves.
 * - `stopped`: ended as asked. `failed`: ended by an error that `run` rejected with.
 */
export type LifecycleState = 'idle' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed'

export const LIFECYCLE_TRANSITIONS: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  idle: ['starting', 'stopped'],
  starting: ['running', 'stopping'],
  running: ['stopping'],
  stopping: ['stopped', 'failed'],
  stopped: [],
  failed: [],
}
