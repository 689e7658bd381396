import { expect, test } from 'vitest'
import { GroupRecord } from '../../src/group-log/group-record.ts'

test('a group adds up its commits; the last offset of a partition is in force, also where it goes back', () => {
  const group = new GroupRecord()
  const commit = { type: 'commit', groupId: 'g', topic: 't' } as const
  group.add({ ...commit, partition: 0, offset: 5 })
  group.add({ ...commit, partition: 1, offset: 3 })
  group.add({ ...commit, partition: 0, offset: 2 })
  expect(group).toMatchObject({ commits: 3, committed: 5 })
})

test('the number of generations is the highest one', () => {
  const group = new GroupRecord()
  for (const generation of [1, 3, 3]) group.add({ type: 'generation', groupId: 'g', generation })
  expect(group.generation).toBe(3)
})
