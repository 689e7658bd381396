/** What JSON can hold that its parser takes and others do not survive. */

/** A text that is nested deeper than its decoder allows. */
export class TooDeep extends Error {
  override readonly name = 'TooDeep'

  constructor(maxDepth: number, bytes: number) {
    super(
      `JSON is nested deeper than maxJsonDepth = ${maxDepth}, in ${bytes} bytes. Fix: raise maxJsonDepth of json(), or let the producer nest less`,
    )
  }
}

/** A text with a key that can change the prototype of what it is copied to. */
export class PrototypeKey extends Error {
  override readonly name = 'PrototypeKey'

  constructor(key: string) {
    super(
      `JSON has the key ${key}, which would change prototypes where it is copied. Fix: set allowPrototypeKeys of json() if handlers can take it`,
    )
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** With this bit set a bracket is a brace. */
const BRACE_BIT = 0x20
const OPENING = 0x7b
const CLOSING = 0x7d

/**
 * Looks through the bytes once, and only where they are enough: each level takes two. UTF-8 has none of these characters
 * within others.
 * @throws TooDeep
 */
export function checkDepth(bytes: Uint8Array, maxDepth: number): void {
  if (bytes.length < 2 * (maxDepth + 1)) return
  let depth = 0
  let isText = false
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] as number
    if (isText) {
      if (byte === BACKSLASH) index += 1
      else if (byte === QUOTE) isText = false
    } else if (byte === QUOTE) isText = true
    else if ((byte | BRACE_BIT) === OPENING) {
      depth += 1
      if (depth > maxDepth) throw new TooDeep(maxDepth, bytes.length)
    } else if ((byte | BRACE_BIT) === CLOSING) depth -= 1
  }
}

/** `__proto__`, `constructor` next to `prototype`, or characters of these written as escapes. */
const SUSPICIOUS = /__proto__|"constructor"|\\u00(?:5f|6[3ef]|7[02345])/i

/**
 * Looks through what was parsed only where the text has such a word.
 * @throws PrototypeKey
 */
export function checkKeys(text: string, parsed: unknown): void {
  if (!SUSPICIOUS.test(text)) return
  const waiting = [parsed]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null) continue
    if (Object.hasOwn(value, '__proto__')) throw new PrototypeKey('__proto__')
    if (hasPrototype(value)) throw new PrototypeKey('constructor.prototype')
    // One by one: spread into a call, a long list would take the stack.
    for (const each of Object.values(value)) waiting.push(each)
  }
}

function hasPrototype(value: object): boolean {
  const maker: unknown = Object.getOwnPropertyDescriptor(value, 'constructor')?.value
  return typeof maker === 'object' && maker !== null && Object.hasOwn(maker, 'prototype')
}
