/** What a minute of the incident is to a second of the story. */
const SCALE = 60

/** Milliseconds in the story of so many seconds in the incident. */
export function scaled(seconds: number): number {
  return (seconds * 1_000) / SCALE
}

/** `max.poll.interval.ms`, 5 minutes. */
export const MAX_POLL_INTERVAL_MS: number = scaled(300)

/** What a look-up takes: one to two minutes. */
export const LOOK_UP_MS = { least: scaled(60), most: scaled(120) } as const
