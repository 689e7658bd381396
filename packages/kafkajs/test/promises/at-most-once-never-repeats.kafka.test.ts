import { describe, expect, inject, test } from 'vitest'
import { RECORDS, tellKillStory } from '../support/kill-story.ts'

const STORIES = [
  [11, 'partition'],
  [14, 'key'],
  [12, 'partition'],
  [15, 'key'],
  [13, 'partition'],
] as const

describe('at-most-once never repeats a record, whenever a worker is killed', () => {
  test.each(process.env.NIGHTLY === undefined ? STORIES.slice(0, 2) : STORIES)(
    'seed %i, order by %s',
    async (seed, order) => {
      const { effects, killed } = await tellKillStory(inject('kafkaBrokers'), seed, {
        delivery: 'at-most-once',
        handlerMs: 4,
        order,
      })
      expect(killed).toBe(3)
      expect(new Set(effects.map(({ partition, offset }) => `${partition}@${offset}`)).size).toBe(effects.length)
      // A kill loses at most the poll batches that were committed and running: 20 records for each of 3 partitions.
      expect(effects.length).toBeGreaterThanOrEqual(RECORDS - killed * 60)
    },
  )
})
