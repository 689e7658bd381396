import { isCloneable } from './pack.ts'

const MAX_DEPTH = 8

/** Where in a value that cannot be cloned the fault lies, as in `value.print is a function`. Total. */
export function notCloneable(value: unknown, path: string, depth: number = MAX_DEPTH): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return `${path} is a ${typeof value}`
  if (typeof value !== 'object' || value === null || isCloneable(value)) return undefined
  const kind = `${path} is ${Array.isArray(value) ? 'an array' : `a ${nameOf(value)}`}`
  if (depth === 0) return kind
  try {
    for (const [name, part] of Object.entries(value)) {
      const found = notCloneable(part, /^\d+$/.test(name) ? `${path}[${name}]` : `${path}.${name}`, depth - 1)
      if (found !== undefined) return found
    }
  } catch {
    return kind
  }
  return kind
}

function nameOf(value: object): string {
  const maker: unknown = value.constructor
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'object'
}
