const ZERO = 0x30

export function writeKey(number: number): string {
  return `key-${number}`
}

/** The number at the end of a key, read from its bytes: a text per record would cost more than the rest of the check. */
export function readKeyNumber(key: Buffer | null): number {
  if (key === null) return -1
  let number = 0
  let scale = 1
  for (let index = key.length - 1; index >= 0; index -= 1) {
    const digit = (key[index] as number) - ZERO
    if (digit < 0 || digit > 9) break
    number += digit * scale
    scale *= 10
  }
  return number
}
