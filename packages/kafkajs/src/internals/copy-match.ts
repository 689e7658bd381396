/** Below this a plain loop beats the call into the engine. */
const SHORT_BYTES = 24

/**
 * Repeats `length` bytes that begin `distance` before `at`, as snappy and LZ4 mean it: a distance
 * shorter than the length repeats bytes the copy itself has just written.
 */
export function copyMatch(out: Buffer, at: number, distance: number, length: number): void {
  const from = at - distance
  if (length < SHORT_BYTES) {
    for (let i = 0; i < length; i++) out[at + i] = out[from + i] as number
    return
  }
  let done = 0
  while (done < length) {
    // Everything from `from` up to the write position is final: the run doubles each time.
    const run = Math.min(length - done, distance + done)
    out.copyWithin(at + done, from, from + run)
    done += run
  }
}

/** Copies literal bytes from the input. */
export function copyLiteral(input: Buffer, from: number, out: Buffer, at: number, length: number): void {
  if (length < SHORT_BYTES) {
    for (let i = 0; i < length; i++) out[at + i] = input[from + i] as number
  } else {
    input.copy(out, at, from, from + length)
  }
}
