import { types } from 'node:util'

const UNREADABLE = 'a thrown object that cannot be read'
/** What is read of a thrown value everywhere: to judge it, to tell of it, to write its dead letter. */
const PARTS = ['name', 'message', 'cause'] as const

/**
 * A thrown value that can be looked at: itself, or where that throws (getters, proxies) an error in its place, with what could be
 * read of it. A proxy may throw at a later look, and is always replaced.
 */
export function readable(thrown: unknown): unknown {
  if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) return thrown
  return !types.isProxy(thrown) && isReadable(thrown) ? thrown : standIn(thrown)
}

function isReadable(thrown: object): boolean {
  try {
    void (thrown instanceof Error)
    for (const part of PARTS) void (thrown as Record<string, unknown>)[part]
    return true
  } catch {
    return false
  }
}

function standIn(thrown: object): Error {
  const message = textOf(thrown, 'message')
  const error = new Error(message ?? UNREADABLE)
  define(error, 'name', textOf(thrown, 'name'))
  define(error, 'stack', textOf(thrown, 'stack') ?? '')
  return error
}

function define(error: Error, name: string, value: string | undefined): void {
  if (value !== undefined) Object.defineProperty(error, name, { value, configurable: true, writable: true })
}

/** Undefined where there is no text, or it cannot be read. */
function textOf(thrown: object, part: string): string | undefined {
  try {
    const value: unknown = (thrown as Record<string, unknown>)[part]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
