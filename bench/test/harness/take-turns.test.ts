import { expect, test } from 'vitest'
import { takeTurns, withRatio } from '../../src/harness/take-turns.ts'

test('the order of the arms turns round from round to round', async () => {
  const order: string[] = []
  const contestants = ['a', 'b'].map((name) => ({
    labels: { name },
    async run(round: number) {
      order.push(`${name}${round}`)
      return { rate: round }
    },
  }))
  const runs = await takeTurns(contestants, 3, () => undefined)
  expect(order).toEqual(['a1', 'b1', 'b2', 'a2', 'a3', 'b3'])
  expect(runs.map(({ samples }) => samples.map(({ rate }) => rate))).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ])
})

test('ratios are taken within a round', () => {
  const runs = [
    { labels: { name: 'base' }, samples: [{ rate: 10 }, { rate: 20 }] },
    { labels: { name: 'ours' }, samples: [{ rate: 5 }, { rate: 30 }] },
  ]
  expect(withRatio(runs, 'rate', ({ name }) => name === 'base')[1]?.samples.map(({ ratio }) => ratio)).toEqual([
    0.5, 1.5,
  ])
})
