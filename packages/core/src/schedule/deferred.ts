import type { Lane } from './lane.ts'

/** Parked lanes by the time they may run again: a binary heap, earliest first. */
export class DeferredLanes {
  readonly #heap: Lane[] = []

  get nextDueMs(): number | undefined {
    return this.#heap[0]?.dueMs
  }

  add(lane: Lane): void {
    this.#heap.push(lane)
    this.#rise(this.#heap.length - 1)
  }

  /** The earliest lane, if it is due. */
  takeDue(nowMs: number): Lane | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.dueMs > nowMs) return undefined
    const last = this.#heap.pop() as Lane
    if (last !== first) {
      this.#heap[0] = last
      this.#sink(0)
    }
    return first
  }

  #rise(from: number): void {
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1
      if (this.#due(parent) <= this.#due(index)) return
      this.#swap(index, parent)
      index = parent
    }
  }

  #sink(from: number): void {
    for (let index = from; ; ) {
      const left = 2 * index + 1
      const smaller = this.#due(left + 1) < this.#due(left) ? left + 1 : left
      if (this.#due(smaller) >= this.#due(index)) return
      this.#swap(index, smaller)
      index = smaller
    }
  }

  #due(index: number): number {
    return this.#heap[index]?.dueMs ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    const held = this.#heap[a] as Lane
    this.#heap[a] = this.#heap[b] as Lane
    this.#heap[b] = held
  }
}
