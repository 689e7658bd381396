import type { ArmResult } from '../../run/arm-result.ts'
import { drawDuplicatesPanel, duplicatesPanelHeight } from './duplicates-panel.ts'
import { drawLagPanel, LAG_PANEL_HEIGHT } from './lag-panel.ts'
import { styleSheet, WIDTH } from './theme.ts'

/** The story as one picture, for light pages and dark ones. */
export function drawFigure(results: readonly ArmResult[]): string {
  const height = LAG_PANEL_HEIGHT + duplicatesPanelHeight(results.length)
  const summary = results.map(({ arm, duplicates }) => `${arm.title} ${duplicates}`).join(', ')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>Lag over time and duplicates per arm. Duplicates: ${summary}</title>`,
    `<style>\n${styleSheet()}\n</style>`,
    drawLagPanel(results),
    `<g transform="translate(0 ${LAG_PANEL_HEIGHT})">`,
    drawDuplicatesPanel(results),
    '</g>',
    '</svg>\n',
  ].join('\n')
}
