import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { at, inGroup, named } from './stage.ts'

describe('what may be retained', () => {
  test.each(['range', 'cooperative-sticky'])('%s: the very next generation under the same id', async (strategy) => {
    const stage = await inGroup(strategy)
    await stage.join('m', 2, strategy)
    await stage.sync(0, 1, 2)
    expect(stage.told.at(-1)).toBe('assigned 0,1,2, retainable 0,1')
  })

  test('nothing, where a generation went on without this member', async () => {
    const stage = await inGroup('range')
    await stage.join('m', 3, 'range')
    await stage.sync(0, 1)
    expect(stage.told.at(-1)).toBe('assigned 0,1, retainable ')
  })

  test('nothing, where it was evicted and joins as another', async () => {
    const stage = await inGroup('cooperative-sticky')
    await stage.join('n', 2, 'cooperative-sticky', '')
    await stage.sync(0, 1)
    expect(stage.told).toEqual(['lost: the group had already gone on without this member', 'assigned 0,1, retainable '])
  })

  test.each([
    ['range', ''],
    ['cooperative-sticky', '0,1'],
  ])('%s: after a generation that was joined and had no assignment: "%s"', async (strategy, retainable) => {
    const stage = await inGroup(strategy)
    await stage.join('m', 2, strategy)
    await stage.join('m', 3, strategy)
    await stage.sync(0, 1)
    expect(stage.told.filter((line) => line === 'suspending')).toHaveLength(strategy === 'range' ? 1 : 0)
    expect(stage.told.at(-1)).toBe(`assigned 0,1, retainable ${retainable}`)
  })
})

test('an eager join waits for the drain, and commits count until then', async () => {
  const stage = await inGroup('range')
  const drained = Promise.withResolvers<void>()
  stage.suspended = drained.promise
  let hasJoined = false
  const joining = stage.join('m', 2, 'range').then(() => {
    hasJoined = true
  })
  await new Promise(setImmediate)
  expect(hasJoined).toBe(false)
  expect(await stage.commit(0, 1)).toBe('ok')
  expect(stage.commits.at(-1)).toMatchObject({ memberId: 'm', groupGenerationId: 1 })
  drained.resolve()
  await joining
})

test('heartbeats go on while a join waits for its drain; one that is refused is a loss, and the last', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const stage = await inGroup('range')
  const drained = Promise.withResolvers<void>()
  stage.suspended = drained.promise
  const joining = stage.join('m', 2, 'range')
  await vi.advanceTimersByTimeAsync(3_000)
  expect([stage.heartbeats, ...stage.told]).toEqual([3, 'suspending'])
  stage.heartbeatAnswer = () => Promise.reject(Object.assign(new Error('no'), { type: 'UNKNOWN_MEMBER_ID' }))
  await vi.advanceTimersByTimeAsync(3_000)
  expect([stage.heartbeats, ...stage.told]).toEqual([4, 'suspending', 'lost: the broker answered UNKNOWN_MEMBER_ID'])
  drained.resolve()
  await joining
})

test.each(['range', 'cooperative-sticky'])(
  '%s: nothing is handed over from the join to its assignment',
  async (strategy) => {
    const stage = await inGroup(strategy)
    await stage.join('m', 2, strategy)
    stage.handOver()
    await stage.sync(0, 1)
    expect(stage.told).not.toContain('batch to 3')
    stage.handOver()
    expect(stage.told.at(-1)).toBe('batch to 3')
  },
)

test('nothing is handed over after a loss', async () => {
  const stage = await inGroup('range')
  stage.session.lose('evicted')
  stage.handOver()
  expect(stage.told).toEqual(['lost: evicted'])
})

describe('what a cooperative assignment leaves out', () => {
  test('is drained under the new generation, then given up by another join', async () => {
    const stage = await inGroup('cooperative-sticky')
    await stage.join('m', 2, 'cooperative-sticky')
    await stage.sync(0)
    expect(stage.told).toEqual(['revoking 1', 'assigned 0, retainable 0'])
    expect(named(stage.session.claim.partitions)).toEqual([0])
    expect(await stage.commit(1, 1)).toBe('ok')
    expect(stage.commits.at(-1)).toMatchObject({ memberId: 'm', groupGenerationId: 2 })
    expect(stage.session.wantsRejoin).toBe(false)
    stage.drained.get('1')?.resolve()
    await new Promise(setImmediate)
    expect(stage.session.wantsRejoin).toBe(true)
    expect(await stage.commit(1, 1)).toBe('fenced')
    await stage.join('m', 3, 'cooperative-sticky')
    expect(stage.session.wantsRejoin).toBe(false)
  })

  test('is waited for before the next join, whoever asks for that', async () => {
    const stage = await inGroup('cooperative-sticky')
    await stage.join('m', 2, 'cooperative-sticky')
    await stage.sync(0)
    let hasJoined = false
    const joining = stage.join('m', 3, 'cooperative-sticky').then(() => {
      hasJoined = true
    })
    await new Promise(setImmediate)
    expect(hasJoined).toBe(false)
    stage.drained.get('1')?.resolve()
    await joining
    expect(stage.session.wantsRejoin).toBe(false)
  })

  test('is gone where the group turned back to an eager strategy', async () => {
    const stage = await inGroup('cooperative-sticky')
    await stage.join('m', 2, 'range')
    await stage.sync(0)
    expect(stage.told).toEqual(['assigned 0, retainable 0'])
    expect(await stage.commit(1, 1)).toBe('fenced')
  })
})

test('what is claimed is what the last assignment gave, and nothing after a loss', async () => {
  const stage = await inGroup('sticky')
  expect(stage.session.claim).toMatchObject({ generationId: 1, partitions: [at(0), at(1)] })
  stage.session.lose('evicted')
  expect(stage.session.claim).toEqual({ partitions: [], generationId: -1 })
})

test('a join is under way from the drain before it to the assignment, or to the loss of the membership', async () => {
  const stage = await inGroup('cooperative-sticky')
  expect(stage.session.isJoining).toBe(false)
  await stage.join('m', 2, 'cooperative-sticky')
  expect(stage.session.isJoining).toBe(true)
  await stage.sync(0)
  expect([stage.session.isJoining, stage.told.at(-2)]).toEqual([false, 'revoking 1'])
  const joining = stage.join('m', 3, 'cooperative-sticky')
  expect([stage.session.isJoining, stage.membership.isJoining]).toEqual([true, false])
  stage.drained.get('1')?.resolve()
  await joining
  expect(stage.membership.isJoining).toBe(true)
  stage.session.lose('the client crashed')
  expect(stage.session.isJoining).toBe(false)
})
