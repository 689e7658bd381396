import { describe, expect, inject, test } from 'vitest'
import { RECORDS, tellKillStory } from '../support/kill-story.ts'

/** Slots of a worker; with order by partition 3 of them are ever in use. */
const SLOTS = { partition: 3, key: 10 }
/** What settles between two commits: a commit is due after 100 ms of handlers of 4 ms, and takes its time. */
const COMMITS_LATE = 50

const STORIES = [
  [1, 'partition'],
  [4, 'key'],
  [2, 'partition'],
  [5, 'key'],
  [3, 'partition'],
  [6, 'key'],
] as const

describe('at-least-once never loses a record, whenever a worker is killed', () => {
  test.each(process.env.NIGHTLY === undefined ? STORIES.slice(0, 4) : STORIES)(
    'seed %i, order by %s',
    async (seed, order) => {
      const story = await tellKillStory(inject('kafkaBrokers'), seed, {
        delivery: 'at-least-once',
        handlerMs: 4,
        order,
      })
      expect(story.killed).toBe(3)
      expect(new Set(story.effects.map(({ value }) => value)).size).toBe(RECORDS)
      // A kill repeats at most what was in flight and what had settled since the last commit.
      expect(story.effects.length - RECORDS).toBeLessThan(story.killed * SLOTS[order] * COMMITS_LATE)
    },
  )
})
