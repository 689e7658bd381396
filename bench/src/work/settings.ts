import type { WayName, WaySettings } from './ways.ts'

/** How long handlers wait. */
export interface Waits {
  readonly waitMs: number
  /** One record of `every` waits longer, picked by its offset. */
  readonly slow?: { readonly every: number; readonly waitMs: number }
}

/** One pass over a topic with a handler that waits. */
export interface WorkSettings extends WaySettings {
  readonly arm: WayName
  readonly waits: Waits
}

export function waitOf({ waitMs, slow }: Waits, offset: number): number {
  return slow !== undefined && offset % slow.every === slow.every - 1 ? slow.waitMs : waitMs
}
