import { describe, expect, inject, test } from 'vitest'
import { RECORDS, tellKillStory } from '../support/kill-story.ts'

describe('at-least-once never loses a record, whenever a worker is killed', () => {
  test.each([1, 2, 3, 4, 5])('seed %i', async (seed) => {
    const { effects, killed } = await tellKillStory(inject('kafkaBrokers'), seed, {
      delivery: 'at-least-once',
      handlerMs: 4,
    })
    expect(killed).toBe(3)
    expect(new Set(effects.map(({ value }) => value)).size).toBe(RECORDS)
    // A kill repeats at most what was in flight (3) and what had settled within a commit interval (100 ms of handlers).
    expect(effects.length - RECORDS).toBeLessThan(killed * 3 * 60)
  })
})
