import { plot } from 'asciichart'
import type { ArmResult } from '../run/arm-result.ts'
import { lagAt } from './lag-at.ts'

const COLUMNS = 60
const ROWS = 6

/** The lag of an arm over time, for a terminal; every arm has the same axes. */
export function drawLagChart({ lag, arm }: ArmResult, requests: number, seconds: number): string {
  const times = Array.from({ length: COLUMNS + 1 }, (_, column) => (column * seconds) / COLUMNS)
  const seen = times.map((time) => lagAt(lag, time)).filter((value) => value !== undefined)
  const series = [...seen, lag.at(-1)?.lag ?? 0]
  const width = String(requests).length
  const chart = plot(series, {
    height: ROWS,
    min: 0,
    max: requests,
    format: (value) => value.toFixed(0).padStart(width + 2),
  })
  const end = `${Math.round(seconds)} s`
  return [`${arm.title}: lag over time`, chart, `${' '.repeat(width + 4)}0 s${end.padStart(COLUMNS - 2)}`].join('\n')
}
