import type { Story } from './story.ts'

export const churn: Story = {
  name: 'churn',
  summary: 'members come and go every 2 s, one is killed every 10 s',
  partitions: [6, 31],
  keysPerTopic: 300,
  recordsPerSecond: 300,
  // Three that no fault touches at a time, and the one that is killed.
  workers: 4,
  guests: 1,
  tuning: { concurrency: 100, sessionTimeoutMs: 3_000, heartbeatIntervalMs: 300, rebalanceTimeoutMs: 10_000 },
  work: { stepMs: 20, onAbort: 'end' },
  faults: [
    { fault: 'visit', everyMs: 2_000, jitter: 0.3, goodbyes: ['leave', 'terminate'] },
    { fault: 'kill', everyMs: 10_000, jitter: 0.3, restartMs: [0, 2_000] },
  ],
  share: 0.5,
  minSeconds: 15,
  settlement: { repeatsAfter: ['kill'] },
}
