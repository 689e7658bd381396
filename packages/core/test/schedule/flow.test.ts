import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideFlow } from '../../src/schedule/flow.ts'

const limits = fc.record({
  maxBufferedRecords: fc.integer({ min: 1, max: 1_000 }),
  maxBufferedBytes: fc.integer({ min: 1, max: 10_000 }),
  maxPartitionBufferedRecords: fc.integer({ min: 1, max: 1_000 }),
  maxPartitionBufferedBytes: fc.integer({ min: 1, max: 10_000 }),
})
const held = fc.record({
  heldRecords: fc.integer({ min: 0, max: 1_200 }),
  heldBytes: fc.integer({ min: 0, max: 12_000 }),
})

test('it pauses at a limit, resumes at half of both, and an empty partition always resumes', () => {
  fc.assert(
    fc.property(held, fc.integer({ min: 1, max: 5_000 }), limits, (held, partitions, limits) => {
      const records = Math.min(limits.maxPartitionBufferedRecords, limits.maxBufferedRecords / partitions)
      const bytes = Math.min(limits.maxPartitionBufferedBytes, limits.maxBufferedBytes / partitions)
      const decision = decideFlow(held, partitions, limits)
      if (held.heldRecords >= records + 1 || held.heldBytes >= bytes + 1) expect(decision).toBe('pause')
      if (decision === 'pause') expect(held.heldRecords >= records || held.heldBytes >= bytes).toBe(true)
      if (decision === 'resume')
        expect(held.heldRecords <= records / 2 + 1 && held.heldBytes <= bytes / 2 + 1).toBe(true)
      expect(decideFlow({ heldRecords: 0, heldBytes: 0 }, partitions, limits)).toBe('resume')
    }),
    { numRuns: 1_000 },
  )
})
