import { monitorEventLoopDelay } from 'node:perf_hooks'

/** For how long the event loop did not turn. */
export interface LoopDelay {
  start(): void
  stop(): void
  /** The longest time since the last call. */
  takeLongestMs(): number
}

const RESOLUTION_MS = 100

/** Node's own measure, precise to a tenth of a second: it is blocks of seconds that cost a membership. */
export function systemLoopDelay(): LoopDelay {
  let histogram: ReturnType<typeof monitorEventLoopDelay> | undefined
  return {
    start() {
      histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
      histogram.enable()
    },
    stop() {
      histogram?.disable()
    },
    takeLongestMs() {
      if (histogram === undefined || histogram.count === 0) return 0
      const longestMs = histogram.max / 1e6
      histogram.reset()
      return longestMs
    },
  }
}
