import type { Story } from './story.ts'

export const rolling: Story = {
  name: 'rolling',
  summary: 'workers are replaced one after another, as by a deployment',
  partitions: [6],
  keysPerTopic: 300,
  recordsPerSecond: 300,
  workers: 3,
  guests: 0,
  tuning: { concurrency: 100, sessionTimeoutMs: 10_000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 10_000 },
  work: { stepMs: 20, onAbort: 'end' },
  faults: [{ fault: 'replace', everyMs: 5_000, jitter: 0.1, downMs: [100, 500] }],
  share: 0.15,
  minSeconds: 15,
  settlement: { repeatsAfter: [], tellsPauses: true },
}
