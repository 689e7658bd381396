import type { ArmResult } from '../../run/arm-result.ts'
import { lagAt } from '../lag-at.ts'
import { type Point, polyline, shape, text } from './shapes.ts'
import { spreadLabels } from './spread-labels.ts'
import { classOf, WIDTH } from './theme.ts'
import { ticksUpTo } from './ticks.ts'

const LEFT = 48
const RIGHT = WIDTH - 280
const TOP = 52
const BOTTOM = 272
const LABEL_ROOM = 16

export const LAG_PANEL_HEIGHT = 316

interface Axes {
  readonly seconds: number
  readonly requests: number
}

/** Lag over time: a line per arm, named at its end. */
export function drawLagPanel(results: readonly ArmResult[]): string {
  const axes = {
    seconds: Math.max(1, ...results.map(({ lag }) => lag.at(-1)?.seconds ?? 0)),
    requests: Math.max(1, ...results.flatMap(({ lag }) => lag.map((sample) => sample.lag))),
  }
  const ends = results.map(({ lag }) => place(axes, axes.seconds, lag.at(-1)?.lag ?? 0).y)
  const labels = spreadLabels(ends, LABEL_ROOM, BOTTOM)
  return [
    text('Lag over time: requests produced and not committed', { x: 8, y: 20, class: 'title' }),
    ...drawAxes(axes),
    ...results.flatMap((result, arm) => drawLine(axes, result, arm, labels[arm] as number)),
  ].join('\n')
}

function place({ seconds, requests }: Axes, atSeconds: number, lag: number): Point {
  return {
    x: LEFT + (atSeconds / seconds) * (RIGHT - LEFT),
    y: BOTTOM - (lag / requests) * (BOTTOM - TOP),
  }
}

function drawAxes(axes: Axes): string[] {
  const rows = ticksUpTo(axes.requests, 5).flatMap((lag) => {
    const { y } = place(axes, 0, lag)
    return [
      shape('line', { x1: LEFT, x2: RIGHT, y1: y, y2: y, class: 'grid' }),
      text(String(lag), { x: LEFT - 6, y: y + 4, 'text-anchor': 'end', class: 'unit' }),
    ]
  })
  const columns = ticksUpTo(axes.seconds, 8).map((seconds) => {
    const { x } = place(axes, seconds, 0)
    return text(String(seconds), { x, y: BOTTOM + 16, 'text-anchor': 'middle', class: 'unit' })
  })
  return [
    text('requests', { x: 8, y: TOP - 14, class: 'unit' }),
    ...rows,
    ...columns,
    text('seconds since the first request', {
      x: (LEFT + RIGHT) / 2,
      y: BOTTOM + 33,
      'text-anchor': 'middle',
      class: 'unit',
    }),
  ]
}

function drawLine(axes: Axes, { arm: { title }, lag, ...result }: ArmResult, arm: number, labelY: number): string[] {
  const endSeconds = lag.at(-1)?.seconds ?? 0
  const times = Array.from({ length: Math.ceil(endSeconds) }, (_, second) => second)
  const points = [...times, endSeconds].map((time) => place(axes, time, lagAt(lag, time) ?? 0))
  const end = points.at(-1) as Point
  const isDone = result.delivered === result.requested
  const outcome = isDone ? `all in ${endSeconds.toFixed(0)} s` : `${result.delivered} of ${result.requested}`
  const after = { d: polyline([end, { x: RIGHT, y: end.y }]), class: `lag after ${classOf(arm)}` }
  return [
    shape('path', { d: polyline(points), class: `lag ${classOf(arm)}` }),
    ...(isDone ? [shape('path', after)] : []),
    shape('circle', { cx: end.x, cy: end.y, r: 3.5, class: classOf(arm) }),
    text(`${title}: ${outcome}`, { x: RIGHT + 10, y: labelY + 4, class: classOf(arm) }),
  ]
}
