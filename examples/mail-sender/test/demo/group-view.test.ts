import { describe, expect, it } from 'vitest'
import { GroupView } from '../../src/demo/group-view.ts'

describe('the view of the group', () => {
  it('counts no rebalance until every worker is in', () => {
    const group = new GroupView(['worker-1', 'worker-2'])
    group.joined('worker-1', 1, [0, 1])
    group.joined('worker-2', 2, [1])
    group.joined('worker-1', 2, [0])
    expect(group.rebalances).toBe(0)
    group.gone('worker-1')
    group.joined('worker-2', 3, [0, 1])
    expect(group.rebalances).toBe(1)
    expect([0, 1].map((partition) => group.workerOf(partition))).toEqual(['worker-2', 'worker-2'])
  })

  it('counts from the first where a worker never came', () => {
    const group = new GroupView(['worker-1', 'worker-2'])
    expect(group.rebalances).toBe(0)
    group.joined('worker-1', 1, [0, 1])
    group.joined('worker-1', 2, [0, 1])
    expect(group.rebalances).toBe(1)
  })

  it('believes the later generation', () => {
    const group = new GroupView(['worker-1', 'worker-2'])
    group.joined('worker-1', 1, [0, 1])
    group.joined('worker-2', 2, [1])
    expect([0, 1, 2].map((partition) => group.workerOf(partition))).toEqual(['worker-1', 'worker-2', undefined])
  })
})
