import { type PartitionAssignmentStrategy, partitionName } from '@holdfast/core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ASSIGNORS } from '../../src/assignors/assignors.ts'
import { javaScene } from '../assignors/java-scene.ts'
import { MixedGroup } from '../support/mixed-group.ts'

const scene = await javaScene()

/** How many members each assignment had that our consumers made; none while Java leads. */
function watchLeads(name: PartitionAssignmentStrategy): () => number[] {
  const assign = vi.spyOn(ASSIGNORS[name], 'assign')
  onTestFinished(() => void assign.mockRestore())
  return () => assign.mock.calls.map(([members]) => members.length)
}

const numbers = (list: readonly { partition: number }[]): number[] => list.map(({ partition }) => partition).toSorted()

/** All that was written is committed and was handled once; what stayed went on under its epoch, nothing came too late. */
async function expectCalm(group: MixedGroup): Promise<void> {
  await group.untilAllCommitted()
  expect(group.handled).toEqual(group.written)
  for (const { consumer, joins, lost } of group.ours) {
    expect(lost).toEqual([])
    expect(consumer.status().fenced).toMatchObject({ attempts: 0, commits: 0 })
    for (const [index, { partitions, added }] of joins.entries()) {
      const before = numbers(joins[index - 1]?.partitions ?? [])
      expect(numbers(added)).toEqual(numbers(partitions).filter((partition) => !before.includes(partition)))
    }
  }
}

describe.each(['holdfast', 'Java'] as const)('a group that begins with %s', (first) => {
  test.each(['range', 'cooperative-sticky'] as const)('%s: Java members come and go', async (name) => {
    const leads = watchLeads(name)
    await using group = await MixedGroup.create(scene.cluster, scene.java)
    if (first === 'Java') {
      group.joinTheirs('b-java', [name])
      await group.untilAllWork()
    }
    const { consumer, revoked } = group.joinOurs('a-holdfast', [name])
    const drained: string[] = []
    consumer.on('drain:ended', ({ partitions }) => drained.push(...partitions.map(partitionName)))
    await group.untilAllWork()
    group.joinTheirs('c-java', [name])
    await group.untilAllWork()
    group.leave('c-java')
    await group.untilAllWork()
    await expectCalm(group)
    expect(Math.max(0, ...leads()), 'the size of what our consumer led').toBe(first === 'holdfast' ? 2 : 0)
    expect(revoked.length).toBeGreaterThan(0)
    if (name === 'cooperative-sticky') expect(drained, 'only what moves is drained').toEqual(revoked)
  })

  test('it moves from range to cooperative-sticky member by member', async () => {
    const [old, both, next] = [['range'], ['cooperative-sticky', 'range'], ['cooperative-sticky']] as const
    await using group = await MixedGroup.create(scene.cluster, scene.java)
    const settled = async (): Promise<string | undefined> => {
      await group.untilAllWork()
      return group.untilStable()
    }
    const start = {
      Java: () => group.joinTheirs('java-1', old),
      holdfast: () => void group.joinOurs('holdfast-1', old),
    }
    start[first]()
    expect(await settled()).toBe('range')
    start[first === 'Java' ? 'holdfast' : 'Java']()
    expect(await settled()).toBe('range')
    group.joinOurs('holdfast-2', both)
    expect(await settled()).toBe('range')
    group.leave('holdfast-1')
    expect(await settled()).toBe('range')
    group.joinTheirs('java-2', both)
    expect(await settled()).toBe('range')
    group.leave('java-1')
    expect(await settled(), 'nobody knows range alone any more').toBe('cooperative-sticky')
    group.joinTheirs('java-3', next)
    expect(await settled()).toBe('cooperative-sticky')
    group.leave('java-2')
    expect(await settled()).toBe('cooperative-sticky')
    group.joinOurs('holdfast-3', next)
    expect(await settled()).toBe('cooperative-sticky')
    group.leave('holdfast-2')
    expect(await settled()).toBe('cooperative-sticky')
    await expectCalm(group)
  })
})
