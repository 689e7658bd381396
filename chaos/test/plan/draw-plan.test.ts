import { expect, test } from 'vitest'
import { drawPlan } from '../../src/plan/draw-plan.ts'
import { Random } from '../../src/random.ts'
import { churn } from '../../src/stories/churn.ts'
import { STORIES } from '../../src/stories/stories.ts'
import { zombie } from '../../src/stories/zombie.ts'

test('a seed always draws the same faults, another one others', () => {
  const draw = (seed: number) => drawPlan(churn, new Random(seed), 60_000)
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
})

test('faults come at their rhythm, in order, and to whom they are meant for', () => {
  const plan = drawPlan(churn, new Random(1), 60_000)
  expect(plan.map(({ atMs }) => atMs)).toEqual(plan.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
  expect(plan.filter(({ fault }) => fault === 'visit')).toHaveLength(30)
  const kills = plan.filter(({ fault }) => fault === 'kill')
  expect(kills).toHaveLength(6)
  expect(kills.every(({ target }) => target.startsWith('worker-'))).toBe(true)
})

test('a freeze that would outlast the run is left out', () => {
  const plan = drawPlan(zombie, new Random(1), 40_000)
  expect(plan.every((planned) => planned.fault === 'freeze' && planned.atMs + planned.forMs <= 40_000)).toBe(true)
})

test.each(STORIES)('the shortest run of $name has every fault', (story) => {
  for (let seed = 0; seed < 200; seed += 1) {
    const faults = new Set(drawPlan(story, new Random(seed), story.minSeconds * 1_000).map(({ fault }) => fault))
    expect(faults).toEqual(new Set(story.faults.map(({ fault }) => fault)))
  }
})
