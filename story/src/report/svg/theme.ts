export const WIDTH = 850

interface Palette {
  readonly ink: string
  readonly dim: string
  readonly grid: string
  /** In the order of the arms. */
  readonly arms: readonly string[]
}

const LIGHT: Palette = {
  ink: '#1f2328',
  dim: '#59636e',
  grid: '#d1d9e0',
  arms: ['#b3261e', '#b45309', '#6d4bb8', '#0b6bcb', '#0f7b4f'],
}

const DARK: Palette = {
  ink: '#e6edf3',
  dim: '#9198a1',
  grid: '#3d444d',
  arms: ['#ff8a80', '#f5b041', '#b79cf0', '#6cb6ff', '#4fd19a'],
}

export function classOf(arm: number): string {
  return `arm${arm % LIGHT.arms.length}`
}

/** The colours of the reader's mode; on a page that has none, those of a light one. */
export function styleSheet(): string {
  return [
    'text{font:12px system-ui,sans-serif}.title{font-size:14px;font-weight:600}',
    '.lag{fill:none;stroke-width:2;stroke-linejoin:round}.after{stroke-width:1;stroke-dasharray:2 4}',
    rulesOf(LIGHT),
    `@media(prefers-color-scheme:dark){${rulesOf(DARK)}}`,
  ].join('\n')
}

function rulesOf({ ink, dim, grid, arms }: Palette): string {
  const ofArms = arms.map(
    (colour, arm) => `.${classOf(arm)}{fill:${colour}}.lag.${classOf(arm)}{fill:none;stroke:${colour}}`,
  )
  return [`text{fill:${ink}}.unit{fill:${dim}}.grid{stroke:${grid}}`, ...ofArms].join('')
}
