/** How many milliseconds the next look-up takes. */
export type LookUpTime = () => number

const STORY_MS = { from: 60_000, to: 120_000 }
const DEFAULT_SPEED = 1_000

/** The longest that a look-up may take, for whoever waits for one. */
export function longestLookUpMs(text: string): number {
  return rangeOf(text).to
}

/**
 * `150`: each look-up takes 150 ms. `story`: one to two minutes, a thousand times faster; `story:100`, a hundred times;
 * `story:1`, as it was.
 * @throws on anything else
 */
export function parseLookUpTime(text: string, random: () => number = Math.random): LookUpTime {
  const { from, to } = rangeOf(text)
  return () => Math.round(from + random() * (to - from))
}

function rangeOf(text: string): { readonly from: number; readonly to: number } {
  if (/^\d{1,7}$/.test(text)) return { from: Number(text), to: Number(text) }
  const story = /^story(?::(\d{1,6}))?$/.exec(text)
  const speed = Number(story?.[1] ?? DEFAULT_SPEED)
  if (story === null || speed === 0) {
    throw new RangeError(
      `"${text}" is no look-up time: write milliseconds (150), story, or story:<how many times faster>`,
    )
  }
  return { from: STORY_MS.from / speed, to: STORY_MS.to / speed }
}
