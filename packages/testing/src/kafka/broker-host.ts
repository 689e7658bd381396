/**
 * One broker, wherever it runs. `start` and the actions resolve when the process or container has
 * changed its state, not when the broker answers: that is asked of a client afterwards.
 */
export interface BrokerHost {
  /** `node.id`, from 1. */
  readonly id: number
  start(): Promise<void>
  /** Asks the broker to end and waits; ends it by force past a deadline. */
  stop(): Promise<void>
  kill(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  /** Why the broker is not running, with the end of its log; undefined while it runs. */
  failure(): Promise<string | undefined>
}
