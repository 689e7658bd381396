import type { Progress } from '../../src/demo/progress.ts'

/** Two partitions, the second without commit or worker. */
export function progressOf(change: Partial<Progress> = {}): Progress {
  return {
    partitions: [
      { topic: 'mail.requested', partition: 0, committed: 12, logEnd: 50 },
      { topic: 'mail.requested', partition: 1, committed: undefined, logEnd: 7 },
    ],
    workerOf: (partition) => (partition === 0 ? 'worker-1' : undefined),
    requested: 57,
    delivered: 14,
    duplicates: 2,
    seconds: 3.14,
    ...change,
  }
}
