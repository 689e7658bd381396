export interface Point {
  readonly x: number
  readonly y: number
}

type Attributes = Readonly<Record<string, string | number>>

export function text(content: string, attributes: Attributes): string {
  return `<text ${format(attributes)}>${escaped(content)}</text>`
}

export function shape(name: 'line' | 'circle' | 'rect' | 'path', attributes: Attributes): string {
  return `<${name} ${format(attributes)}/>`
}

export function polyline(points: readonly Point[]): string {
  return `M${points.map(({ x, y }) => `${short(x)} ${short(y)}`).join('L')}`
}

function format(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}="${typeof value === 'number' ? short(value) : value}"`)
    .join(' ')
}

function short(value: number): string {
  return String(Number(value.toFixed(1)))
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
