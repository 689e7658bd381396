/**
 * What is done past a committed offset: ascending offsets that bound half-open ranges, `[from, to, from, to, …]`.
 * Holes in the offsets may count as done.
 */
export type DoneAhead = readonly number[]

export const NOTHING_AHEAD: DoneAhead = Object.freeze([])

/** What a commit carries of it, as text. */
export interface EncodedDoneAhead {
  readonly text: string
  /** False where the end had to be left out. */
  readonly isComplete: boolean
}

export type DecodedDoneAhead =
  | { readonly doneAhead: DoneAhead; readonly refusal?: undefined }
  | { readonly doneAhead?: undefined; readonly refusal: string }

/** `offset.metadata.max.bytes`, which brokers count in UTF-16 characters. */
const MAX_CHARS = 4_096
const PREFIX = 'holdfast1'
const CHECKSUM_CHARS = 2
const HEADER_CHARS = PREFIX.length + 1 + CHECKSUM_CHARS
const MAX_BODY_CHARS = MAX_CHARS - HEADER_CHARS

/** A character carries 15 bits: 32,768 code points in a row, none of them a surrogate, a space or a control. */
const BITS = 15
const FIRST_CHAR = 0x3400
const MASK = 2 ** BITS - 1
const MAX_BITMAP_OFFSETS = MAX_BODY_CHARS * BITS
/** The top bit of a character in a run length says that more follow. */
const RUN_BITS = BITS - 1
const MORE = 2 ** RUN_BITS

/** No more ranges than this can be carried by either form. */
export const MAX_RANGES: number = MAX_BITMAP_OFFSETS / 2

/**
 * The text that goes with a committed offset: run lengths or a bitmap, whichever carries more, then whichever is shorter.
 * Its checksum covers the offset, so that it counts for that offset alone. Empty where nothing is done ahead.
 */
export function encodeDoneAhead(committed: number, doneAhead: DoneAhead): EncodedDoneAhead {
  if (doneAhead.length === 0) return { text: '', isComplete: true }
  const [runs, bitmap] = [encodeRuns(committed, doneAhead), encodeBitmap(committed, doneAhead)]
  const isRunsBetter = runs.end === bitmap.end ? runs.codes.length <= bitmap.codes.length : runs.end > bitmap.end
  const { codes, end } = isRunsBetter ? runs : bitmap
  const text = `${PREFIX}${isRunsBetter ? 'r' : 'b'}${toText(checksum(committed, codes))}${toText(codes)}`
  return { text, isComplete: end === doneAhead.at(-1) }
}

/**
 * Reads the text that came with a committed offset. What is foreign, damaged, meant for another offset or past the end
 * of the log is refused as a whole: nothing is skipped on the word of a text that is wrong anywhere.
 */
export function decodeDoneAhead(committed: number, text: string, logEnd: number): DecodedDoneAhead {
  if (text === '') return { doneAhead: NOTHING_AHEAD }
  if (!text.startsWith(PREFIX)) return { refusal: 'it was not written by holdfast' }
  const form = text[PREFIX.length]
  const codes = toCodes(text.slice(PREFIX.length + 1))
  const body = codes?.slice(CHECKSUM_CHARS)
  if (codes === undefined || body === undefined || (form !== 'r' && form !== 'b')) return { refusal: 'it is damaged' }
  if (checksum(committed, body).some((code, index) => code !== codes[index]))
    return { refusal: 'it is damaged or belongs to another offset' }
  const doneAhead = form === 'r' ? decodeRuns(committed, body) : decodeBitmap(committed, body)
  const end = doneAhead.at(-1)
  if (end === undefined || doneAhead.length % 2 === 1) return { refusal: 'it is damaged' }
  return end <= logEnd ? { doneAhead } : { refusal: `it names offsets up to ${end}, but the log ends at ${logEnd}` }
}

/** How much of the room for the text is taken, from the number of ranges and the distance to the last one; 1 is full. */
export function doneAheadFill(ranges: number, span: number): number {
  // A run length takes a second character past 2^14, and no more than four in all.
  const runChars = 2 * ranges + Math.min(6 * ranges, span / 2 ** RUN_BITS)
  return Math.min(runChars, span / BITS) / MAX_BODY_CHARS
}

interface Body {
  readonly codes: readonly number[]
  /** Where the ranges end that it carries. */
  readonly end: number
}

function encodeRuns(committed: number, doneAhead: DoneAhead): Body {
  const codes: number[] = []
  let last = committed
  for (let index = 0; index < doneAhead.length; index += 2) {
    const [from, to] = [doneAhead[index] as number, doneAhead[index + 1] as number]
    const { length } = codes
    appendRun(codes, from - last)
    appendRun(codes, to - from)
    if (codes.length > MAX_BODY_CHARS) {
      codes.length = length
      break
    }
    last = to
  }
  return { codes, end: last }
}

function appendRun(codes: number[], length: number): void {
  let rest = length
  for (; rest >= MORE; rest = Math.floor(rest / MORE)) codes.push((rest % MORE) + MORE)
  codes.push(rest)
}

function decodeRuns(committed: number, codes: readonly number[]): DoneAhead {
  const bounds: number[] = []
  let last = committed
  let scale = 1
  let length = 0
  for (const code of codes) {
    length += (code % MORE) * scale
    scale *= MORE
    if (code >= MORE) continue
    last += length
    bounds.push(last)
    scale = 1
    length = 0
  }
  return bounds
}

function encodeBitmap(committed: number, doneAhead: DoneAhead): Body {
  const codes: number[] = []
  const limit = committed + MAX_BITMAP_OFFSETS
  let end = committed
  for (let index = 0; index < doneAhead.length && (doneAhead[index] as number) < limit; index += 2) {
    end = Math.min(doneAhead[index + 1] as number, limit)
    for (let bit = (doneAhead[index] as number) - committed; bit < end - committed; bit += 1) {
      const code = Math.floor(bit / BITS)
      while (codes.length <= code) codes.push(0)
      codes[code] = (codes[code] as number) | (1 << (bit % BITS))
    }
  }
  return { codes, end }
}

function decodeBitmap(committed: number, codes: readonly number[]): DoneAhead {
  const bounds: number[] = []
  let isDone = 0
  for (let bit = 0; bit <= codes.length * BITS; bit += 1) {
    const next = ((codes[Math.floor(bit / BITS)] ?? 0) >> (bit % BITS)) & 1
    if (next !== isDone) bounds.push(committed + bit)
    isDone = next
  }
  return bounds
}

/** FNV-1a over the offset and the codes, cut to two characters. */
function checksum(committed: number, codes: readonly number[]): readonly [number, number] {
  let hash = 0x811c9dc5
  const add = (part: number): void => {
    hash = Math.imul(hash ^ part, 0x01000193)
  }
  add(committed % 2 ** 32)
  add(Math.floor(committed / 2 ** 32))
  for (const code of codes) add(code)
  return [hash & MASK, (hash >>> BITS) & MASK]
}

function toText(codes: readonly number[]): string {
  return String.fromCharCode(...codes.map((code) => code + FIRST_CHAR))
}

function toCodes(text: string): number[] | undefined {
  const codes = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index) - FIRST_CHAR)
  return codes.every((code) => code >= 0 && code <= MASK) ? codes : undefined
}
