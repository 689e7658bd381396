import { deserialize, serialize } from 'node:v8'

/**
 * The structured clone of a value as bytes of their own. `postMessage` would clone the whole fetch response behind each
 * buffer that is a view of it, and turn `Buffer` into `Uint8Array`.
 * Throws where a value cannot be cloned.
 */
export function pack(value: unknown): Uint8Array<ArrayBuffer> {
  return serialize(value) as Uint8Array<ArrayBuffer>
}

export function unpack<T>(packed: Uint8Array): T {
  return deserialize(packed) as T
}

export function isCloneable(value: unknown): boolean {
  try {
    serialize(value)
    return true
  } catch {
    return false
  }
}
