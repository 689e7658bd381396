import { expect, test } from 'vitest'
import type { Entry } from '../../src/history/entry.ts'
import { findPauses, showPauses } from '../../src/judge/pauses.ts'

const phase = (at: number, name: 'faults began' | 'faults ended'): Entry => ({
  at,
  process: 'program',
  kind: 'phase',
  phase: name,
  detail: '',
})
const end = (at: number, process: string, partition: number): Entry => ({
  at,
  process,
  kind: 'end',
  topic: 't',
  partition,
  offset: at,
  run: 1,
})
const HISTORY: readonly Entry[] = [
  end(50, 'a', 0),
  phase(100, 'faults began'),
  end(110, 'a', 0),
  end(120, 'a', 1),
  end(140, 'a', 0),
  end(200, 'b', 1),
  end(350, 'b', 0),
  phase(400, 'faults ended'),
  end(500, 'b', 0),
]

test('a pause lies between two records of a partition; that of one that moved is told apart', () => {
  expect(findPauses(HISTORY)).toEqual({ stayed: [30], moved: [210, 80] })
  expect(showPauses(HISTORY)).toEqual([
    'pauses of partitions that stayed: 1, median 30 ms, at most 30 ms',
    'pauses of partitions that moved: 2, median 210 ms, at most 210 ms',
  ])
  expect(showPauses([])[0]).toBe('pauses of partitions that stayed: none')
})
