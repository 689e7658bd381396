import { expect, test } from 'vitest'
import { drawFigure } from '../../../src/report/svg/figure.ts'
import { spreadLabels } from '../../../src/report/svg/spread-labels.ts'
import { ticksUpTo } from '../../../src/report/svg/ticks.ts'
import { RESULTS } from '../results.ts'

test('the figure names each arm with its outcome and its duplicates, and has colours for both modes', () => {
  const figure = drawFigure(RESULTS)
  expect(figure).toContain('kafkajs eachBatch: 40 of 100')
  expect(figure).toContain('holdfast: all in 8 s')
  expect(figure).toContain('30 of 70 mails')
  expect(figure).toContain('0 of 100 mails')
  expect(figure).toContain('prefers-color-scheme:dark')
  expect(figure).not.toContain('NaN')
})

test.each([
  [75, 8, [0, 10, 20, 30, 40, 50, 60, 70]],
  [498, 5, [0, 100, 200, 300, 400]],
  [1, 5, [0, 1]],
])('ticks up to %d are round', (largest, most, ticks) => {
  expect(ticksUpTo(largest, most)).toEqual(ticks)
})

test('labels that would cover each other are moved apart, and stay above the lowest place', () => {
  expect(spreadLabels([10, 50], 16, 100)).toEqual([10, 50])
  expect(spreadLabels([10, 12, 14], 16, 100)).toEqual([10, 26, 42])
  expect(spreadLabels([100, 20, 100], 16, 100)).toEqual([84, 20, 100])
})
