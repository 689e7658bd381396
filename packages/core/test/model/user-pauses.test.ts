import { expect, test } from 'vitest'
import { UserPauses } from '../../src/model/user-pauses.ts'

const at = (partition: number, topic = 't') => ({ topic, partition })

test('a topic that is paused covers each of its partitions, and no other topic', () => {
  const pauses = new UserPauses()
  pauses.pause('t')
  expect([at(0), at(7), at(0, 'u')].map((partition) => pauses.covers(partition))).toEqual([true, true, false])
})

test('a partition that is paused covers itself alone', () => {
  const pauses = new UserPauses()
  pauses.pause('t', 1)
  expect([at(0), at(1)].map((partition) => pauses.covers(partition))).toEqual([false, true])
  pauses.resume('t', 1)
  expect(pauses.covers(at(1))).toBe(false)
})

test('resuming a topic resumes what was paused by partition', () => {
  const pauses = new UserPauses()
  pauses.pause('t')
  pauses.pause('t', 1)
  pauses.resume('t')
  expect(pauses.covers(at(1))).toBe(false)
})

test('resuming what was never paused changes nothing', () => {
  const pauses = new UserPauses()
  pauses.resume('t', 3)
  pauses.resume('u')
  expect(pauses.covers(at(3))).toBe(false)
})
