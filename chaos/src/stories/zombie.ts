import type { Story } from './story.ts'

export const zombie: Story = {
  name: 'zombie',
  summary: 'a worker stands still beyond its session, and wakes up with its work in hand',
  partitions: [6],
  keysPerTopic: 300,
  recordsPerSecond: 100,
  workers: 3,
  guests: 0,
  tuning: { concurrency: 100, sessionTimeoutMs: 6_000, heartbeatIntervalMs: 300, rebalanceTimeoutMs: 10_000 },
  // A frozen process takes no steps: slow handlers have some left when it wakes, and their signals something to end.
  work: { stepMs: 20, slowEvery: 20, slowSteps: 100, onAbort: 'end' },
  // Long enough for the new owner to be done with all that the zombie had in hand.
  faults: [{ fault: 'freeze', everyMs: 22_000, jitter: 0.1, forMs: [14_000, 16_000] }],
  share: 0.2,
  minSeconds: 40,
  settlement: { repeatsAfter: ['freeze'], judgesZombies: true },
}
