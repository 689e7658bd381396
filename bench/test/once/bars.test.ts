import { expect, test } from 'vitest'
import { judge, withRatios } from '../../src/once/bars.ts'

const run = (name: string, waitMs: number, rates: readonly number[]) => ({
  labels: { name, waitMs },
  samples: rates.map((recordsPerSecond) => ({ recordsPerSecond })),
})

test('ratios are to at-least-once with the same handlers, round by round', () => {
  const runs = [
    run('at-least-once', 0, [100, 200]),
    run('Redis', 0, [50, 50]),
    run('at-least-once', 5, [10, 20]),
    run('Redis', 5, [10, 10]),
  ]
  const ratios = withRatios(runs).map(({ samples }) => samples.map(({ ratio }) => ratio))
  expect(ratios).toEqual([
    [1, 1],
    [0.5, 0.25],
    [1, 1],
    [1, 0.5],
  ])
})

test('stores are to keep nine tenths of at-least-once at 5 ms, by the median of the rounds', () => {
  const runs = [
    run('at-least-once', 5, [100, 200, 100]),
    run('memory', 5, [90, 180, 10]),
    run('Redis', 5, [89, 178, 100]),
    run('Redis', 0, [1, 1, 1]),
  ]
  expect(judge(runs).map(({ labels }) => [labels.name, labels.atLeast, labels.met])).toEqual([
    ['memory', 0.9, 'yes'],
    ['Redis', 0.9, 'no'],
  ])
})

test('gathered claims are to be five times those that go one by one, with handlers that do nothing', () => {
  const verdict = (gathered: number) =>
    judge([run('Postgres, one by one', 0, [100]), run('Postgres, gathered', 0, [gathered])])
  expect(verdict(500).map(({ labels }) => labels.met)).toEqual(['yes'])
  expect(verdict(499).map(({ labels }) => labels.met)).toEqual(['no'])
  expect(verdict(499)[0]?.samples).toEqual([{ ratio: 4.99 }])
})
