/** What is wrong with a stream of response frames. */
export interface BadFrame {
  readonly frameBytes: number
  /** Nothing valid came before it: the peer never spoke the protocol. */
  readonly isFirst: boolean
  /** The bytes where the length should stand and what follows them, 32 at most. */
  readonly bytes: Buffer
}

const LENGTH_BYTES = 4
/** Every response begins with a correlation id. */
const SMALLEST_FRAME_BYTES = 4
const QUOTED_BYTES = 32

const FOREIGN_STARTS: readonly Buffer[] = [Buffer.from('HTTP'), Buffer.from([0x15, 0x03]), Buffer.from([0x16, 0x03])]

function startsForeign(bytes: Buffer): boolean {
  return FOREIGN_STARTS.some((start) => bytes.subarray(0, start.length).equals(start))
}

/**
 * Follows the frame lengths of one connection through chunks cut anywhere, without copying them.
 *
 * Invariant: `#bodyLeft` bytes of the current frame are still to come; while it is 0, the first
 * `#lengthRead` bytes of the next length sit in `#length`.
 */
export class FrameCheck {
  readonly #maxFrameBytes: number
  readonly #length: Buffer = Buffer.alloc(LENGTH_BYTES)
  #lengthRead = 0
  #bodyLeft = 0
  #isFirst = true

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Whether a whole valid frame length has been seen. */
  get hasSpoken(): boolean {
    return !this.#isFirst
  }

  /** Takes the next chunk; nothing after a bad frame can be made sense of. */
  accept(chunk: Buffer): BadFrame | undefined {
    let at = 0
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const step = Math.min(this.#bodyLeft, chunk.length - at)
        this.#bodyLeft -= step
        at += step
        continue
      }
      const step = Math.min(LENGTH_BYTES - this.#lengthRead, chunk.length - at)
      chunk.copy(this.#length, this.#lengthRead, at, at + step)
      this.#lengthRead += step
      at += step
      if (this.#lengthRead < LENGTH_BYTES) return undefined
      const bad = this.#startFrame(chunk.subarray(at))
      if (bad) return bad
    }
    return undefined
  }

  #startFrame(rest: Buffer): BadFrame | undefined {
    const frameBytes = this.#length.readInt32BE(0)
    const isForeign = this.#isFirst && startsForeign(this.#length)
    if (isForeign || frameBytes < SMALLEST_FRAME_BYTES || frameBytes > this.#maxFrameBytes) {
      const bytes = Buffer.concat([this.#length, rest.subarray(0, QUOTED_BYTES - LENGTH_BYTES)])
      return { frameBytes, isFirst: this.#isFirst, bytes }
    }
    this.#bodyLeft = frameBytes
    this.#lengthRead = 0
    this.#isFirst = false
    return undefined
  }
}
