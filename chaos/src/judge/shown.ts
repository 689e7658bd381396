import { type Entry, entriesOf, type FaultName } from '../history/entry.ts'
import type { Story } from '../stories/story.ts'
import type { Violation } from './violation.ts'

const MIN_SAMPLES = 20

/** A run without faults, records or samples would pass whatever the consumer does. */
export function judgeShown(story: Story, entries: readonly Entry[]): Violation[] {
  const faults = new Set<FaultName>(entriesOf(entries, 'fault').map(({ fault }) => fault))
  const missing = story.faults.flatMap(({ fault }) => {
    const wanted = fault === 'visit' ? 'join' : fault
    return faults.has(wanted) ? [] : [`no ${wanted} happened`]
  })
  const samples = entriesOf(entries, 'sampling').reduce((sum, { count }) => sum + count, 0)
  if (samples < MIN_SAMPLES) missing.push(`the committed offsets were read ${samples} times only`)
  if (entriesOf(entries, 'produced').length === 0) missing.push('nothing was produced')
  return missing.map((text) => ({ kind: 'nothing shown', text }))
}
