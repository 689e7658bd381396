import { describe, expect, test } from 'vitest'
import { inGroup } from './stage.ts'

describe('a commit', () => {
  test('waits for the join under way, and goes with the new identity', async () => {
    const stage = await inGroup('cooperative-sticky')
    await stage.join('m', 2, 'cooperative-sticky')
    const committing = stage.commit(0, 1)
    await new Promise(setImmediate)
    expect(stage.commits).toEqual([])
    await stage.sync(0, 1)
    expect(await committing).toBe('ok')
    expect(stage.commits).toMatchObject([{ memberId: 'm', groupGenerationId: 2 }])
  })

  test.each([
    [true, 'unknown'],
    [false, 'fenced'],
  ])('that is refused for its generation, overtaken by a join: %s, is %s', async (isOvertaken, status) => {
    const stage = await inGroup('cooperative-sticky')
    const answer = Promise.withResolvers<never>()
    stage.commitAnswer = () => answer.promise
    const committing = stage.commit(0, 1)
    await new Promise(setImmediate)
    if (isOvertaken) {
      await stage.join('m', 2, 'cooperative-sticky')
      await stage.sync(0, 1)
    }
    answer.reject(Object.assign(new Error('no'), { type: 'ILLEGAL_GENERATION' }))
    expect(await committing).toBe(status)
  })

  test('for which the coordinator is still looked for when a join begins is not sent behind it', async () => {
    const stage = await inGroup('cooperative-sticky')
    stage.commitAnswer = () => Promise.reject(new Error('closed'))
    expect(await stage.commit(0, 1)).toBe('unknown')
    const found = Promise.withResolvers<void>()
    stage.found = found.promise
    const committing = stage.commit(0, 1)
    await new Promise(setImmediate)
    await stage.join('m', 2, 'cooperative-sticky')
    stage.commitAnswer = () => Promise.reject(Object.assign(new Error('no'), { type: 'ILLEGAL_GENERATION' }))
    found.resolve()
    expect(await committing).toBe('unknown')
    expect(stage.commits).toHaveLength(1)
  })

  test('is refused when the member has left', async () => {
    const stage = await inGroup('range')
    stage.session.end()
    expect(await stage.commit(0, 1)).toBe('fenced')
    expect(stage.commits).toEqual([])
  })

  test('that is repeated without its text goes under the identity of before, whatever the group has done meanwhile', async () => {
    const stage = await inGroup('cooperative-sticky')
    const answer = Promise.withResolvers<never>()
    stage.commitAnswer = () => answer.promise
    const committing = stage.commit(1, 1)
    await new Promise(setImmediate)
    await stage.join('m', 2, 'cooperative-sticky')
    await stage.sync(0)
    stage.commitAnswer = async () => undefined
    answer.reject(Object.assign(new Error('too long'), { type: 'OFFSET_METADATA_TOO_LARGE' }))
    await committing
    expect(stage.commits.map(({ groupGenerationId }) => groupGenerationId)).toEqual([1, 1])
  })
})
