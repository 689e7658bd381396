import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { formatResult } from '../src/report.ts'
import { runStory } from '../src/run/run-story.ts'
import { churn } from '../src/stories/churn.ts'
import type { Story } from '../src/stories/story.ts'

/** The churn in so few seconds that a suite has time for it. */
const shortChurn: Story = {
  ...churn,
  partitions: [6],
  workers: 3,
  tuning: { ...churn.tuning, sessionTimeoutMs: 2_000 },
  faults: [
    { fault: 'visit', everyMs: 2_000, jitter: 0.3, goodbyes: ['leave', 'terminate'] },
    { fault: 'kill', everyMs: 5_000, jitter: 0.3, restartMs: [0, 500] },
  ],
}

test('members that come, go and are killed lose nothing, repeat what they may, and keep the order of keys', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-chaos-'))
  const settings = { brokers: inject('kafkaBrokers'), seed: 5, seconds: 9, folder, group: {} }
  const result = await runStory(shortChurn, settings)
  // A history that shows a violation stays where the message says.
  expect(result.verdict.violations, formatResult(result)).toEqual([])
  expect(result.verdict.counts.records).toBeGreaterThan(1_000)
  rmSync(folder, { recursive: true })
})
