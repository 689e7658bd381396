/** The first of some numbers by an order that may change for the one on top. */
export class Heap {
  readonly #items: number[]
  readonly #isBefore: (a: number, b: number) => boolean

  constructor(items: readonly number[], isBefore: (a: number, b: number) => boolean) {
    this.#items = [...items]
    this.#isBefore = isBefore
    for (let at = this.#items.length >>> 1; at >= 0; at -= 1) this.#sink(at)
  }

  get top(): number | undefined {
    return this.#items[0]
  }

  /** To be called when the one on top has moved back in the order. */
  settleTop(): void {
    this.#sink(0)
  }

  dropTop(): void {
    const last = this.#items.pop()
    if (last === undefined || this.#items.length === 0) return
    this.#items[0] = last
    this.#sink(0)
  }

  #sink(start: number): void {
    const items = this.#items
    const item = items[start]
    if (item === undefined) return
    let at = start
    for (let child = 2 * at + 1; child < items.length; child = 2 * at + 1) {
      const right = child + 1
      if (right < items.length && this.#isBefore(items[right] as number, items[child] as number)) child = right
      const candidate = items[child] as number
      if (!this.#isBefore(candidate, item)) break
      items[at] = candidate
      at = child
    }
    items[at] = item
  }
}
