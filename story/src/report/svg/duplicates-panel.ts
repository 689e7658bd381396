import type { ArmResult } from '../../run/arm-result.ts'
import { shape, text } from './shapes.ts'
import { classOf, WIDTH } from './theme.ts'

const LEFT = 190
const RIGHT = WIDTH - 280
const TOP = 36
const ROW = 24
const BAR = 14

export function duplicatesPanelHeight(arms: number): number {
  return TOP + arms * ROW + 8
}

/** Duplicates: a bar per arm. */
export function drawDuplicatesPanel(results: readonly ArmResult[]): string {
  const most = Math.max(1, ...results.map(({ duplicates }) => duplicates))
  const rows = results.flatMap(({ arm: { title }, delivered, duplicates }, arm) => {
    const y = TOP + arm * ROW
    const width = (duplicates / most) * (RIGHT - LEFT)
    return [
      text(title, { x: LEFT - 8, y: y + 11, 'text-anchor': 'end', class: classOf(arm) }),
      shape('rect', { x: LEFT, y, width, height: BAR, class: classOf(arm) }),
      text(`${duplicates} of ${delivered + duplicates} mails`, { x: LEFT + width + 6, y: y + 11 }),
    ]
  })
  const axis = { x1: LEFT, x2: LEFT, y1: TOP - 4, y2: TOP + results.length * ROW - 4, class: 'grid' }
  return [
    text('Duplicates: mails beyond the first for their request', { x: 8, y: 16, class: 'title' }),
    ...rows,
    shape('line', axis),
  ].join('\n')
}
