import { createRandom, shuffle } from '../stats/random.ts'

/** In which order offsets are settled. */
export type CompletionOrder = (offsets: number) => Uint32Array

function inOrder(offsets: number): Uint32Array {
  return Uint32Array.from({ length: offsets }, (_, offset) => offset)
}

export const COMPLETION_ORDERS: Readonly<Record<string, CompletionOrder>> = {
  random(offsets) {
    const order = inOrder(offsets)
    shuffle(order, createRandom(1))
    return order
  },
  /** The first record hangs until all others are done. */
  'stuck head'(offsets) {
    const order = inOrder(offsets)
    order.copyWithin(0, 1)
    order[offsets - 1] = 0
    return order
  },
}
