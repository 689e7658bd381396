import { expect, test } from 'vitest'
import { CommittedCount } from '../../src/once/committed.ts'

test('a commit covers what lies below it, once, whichever order commits are told in', () => {
  const count = new CommittedCount()
  const more = [
    count.add([
      { partition: 0, offset: 5 },
      { partition: 1, offset: 2 },
    ]),
    count.add([{ partition: 0, offset: 3 }]),
    count.add([{ partition: 0, offset: 9 }]),
  ]
  expect(more).toEqual([7, 0, 4])
})
