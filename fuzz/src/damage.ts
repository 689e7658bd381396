import type { Random } from 'holdfast-chaos/random'

type Damage = (bytes: Buffer, random: Random) => Buffer

/** What lengths and counts are worst at. */
const NUMBERS = [0, -1, -2, 1, 0x7fff_ffff, -0x8000_0000, 0x0100_0000] as const
const BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff] as const
const MAX_PIECE_BYTES = 32

const flip: Damage = (bytes, random) => {
  const at = random.below(bytes.length)
  bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
  return bytes
}

const setByte: Damage = (bytes, random) => {
  bytes[random.below(bytes.length)] = random.next() < 0.5 ? random.pick(BYTES) : random.below(256)
  return bytes
}

const setNumber: Damage = (bytes, random) => {
  if (bytes.length < 4) return bytes
  bytes.writeInt32BE(random.pick(NUMBERS), random.below(bytes.length - 3))
  return bytes
}

/** The head of a batch is small beside its records, and says the most. */
const setHead: Damage = (bytes, random) => {
  const head = Math.min(bytes.length, 61)
  bytes[random.below(head)] = random.next() < 0.5 ? random.pick(BYTES) : random.below(256)
  return bytes
}

const cut: Damage = (bytes, random) => bytes.subarray(0, random.below(bytes.length))

const drop: Damage = (bytes, random) => {
  const at = random.below(bytes.length)
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(MAX_PIECE_BYTES))])
}

const repeat: Damage = (bytes, random) => {
  const at = random.below(bytes.length)
  const piece = bytes.subarray(at, at + 1 + random.below(MAX_PIECE_BYTES))
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
}

const insert: Damage = (bytes, random) => {
  const at = random.below(bytes.length + 1)
  const piece = Buffer.from(Array.from({ length: 1 + random.below(12) }, () => random.pick(BYTES)))
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
}

const MAX_DAMAGES = 4

/** A copy of the bytes with some damage. */
export function damaged(bytes: Buffer, random: Random): Buffer {
  let result = Buffer.from(bytes)
  for (let left = 1 + random.below(MAX_DAMAGES); left > 0 && result.length > 0; left -= 1) {
    const damage = random.pick([flip, setByte, setByte, setNumber, setHead, cut, drop, repeat, insert])
    result = Buffer.from(damage(result, random))
  }
  return result
}
