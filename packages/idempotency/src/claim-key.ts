import { createHash } from 'node:crypto'

/** Longer keys are known by their digest. */
const MAX_LENGTH = 200
/** What stands for itself; of the rest each byte is written as `%` and two digits. */
const PLAIN = /^[\w.@-]*$/
const UNPLAIN_BYTE = /[^\w.@-]/g

/** What a key is made of. */
export interface KeyParts {
  readonly groupId: string
  /** What the keys are of: the handler, or a name that stays when the handler's changes. */
  readonly namespace: string
  /** Empty where there is one tenant only. */
  readonly tenant: string
  readonly key: string | Uint8Array
}

/**
 * The text by which a store knows a key, of 200 printable characters of ASCII at the most. Different parts make different
 * texts: none of them can hold a separator, and a digest begins with a character that nothing else begins with.
 */
export function claimKey({ groupId, namespace, tenant, key }: KeyParts): string {
  const text = `${plainName(groupId)}:${plainName(namespace)}:${plain(tenant)}:${plain(key)}`
  return text.length <= MAX_LENGTH ? text : `#${createHash('sha256').update(text).digest('base64url')}`
}

const names = new Map<string, string>()
const MOST_NAMES = 1_000

/** Groups and namespaces are few, and come with every record. */
function plainName(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size >= MOST_NAMES) names.clear()
  const made = plain(name)
  names.set(name, made)
  return made
}

function plain(part: string | Uint8Array): string {
  if (typeof part === 'string' && PLAIN.test(part)) return part
  const bytes = typeof part === 'string' ? bytesOf(part) : Buffer.from(part.buffer, part.byteOffset, part.byteLength)
  return bytes.toString('latin1').replaceAll(UNPLAIN_BYTE, percent)
}

/** Half a surrogate pair has no UTF-8, and would become the same as every other; such a text counts as its UTF-16. */
function bytesOf(text: string): Buffer {
  return text.isWellFormed() ? Buffer.from(text) : Buffer.concat([LONE_SURROGATES, Buffer.from(text, 'utf16le')])
}

/** Bytes with which no UTF-8 begins. */
const LONE_SURROGATES = Buffer.from([0xff, 0xfe])

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
