import type { Story } from './story.ts'

export const storm: Story = {
  name: 'storm',
  summary: 'a member joins or leaves every 300 ms',
  partitions: [6],
  keysPerTopic: 300,
  recordsPerSecond: 200,
  workers: 3,
  guests: 4,
  tuning: { concurrency: 100, sessionTimeoutMs: 6_000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 10_000 },
  work: { stepMs: 20, onAbort: 'end' },
  faults: [{ fault: 'visit', everyMs: 300, jitter: 0.3, goodbyes: ['leave'] }],
  share: 0.15,
  minSeconds: 30,
  settlement: { repeatsAfter: [], progressEveryMs: 5_000, measuresLeaks: true },
}
