import type { Story } from './story.ts'

export const drain: Story = {
  name: 'drain',
  summary: 'handlers take longer than a drain waits',
  partitions: [6],
  keysPerTopic: 300,
  recordsPerSecond: 50,
  workers: 2,
  guests: 1,
  tuning: {
    concurrency: 100,
    sessionTimeoutMs: 6_000,
    heartbeatIntervalMs: 300,
    rebalanceTimeoutMs: 10_000,
    drainBudgetMs: 300,
  },
  // Slow ones outlive the drain and its grace, and end before the next.
  work: { stepMs: 20, slowEvery: 20, slowSteps: 75, onAbort: 'carry on' },
  faults: [{ fault: 'visit', everyMs: 5_000, jitter: 0.1, goodbyes: ['leave'] }],
  share: 0.15,
  minSeconds: 20,
  settlement: { repeatsAfter: ['abort'], judgesDrains: true },
}
