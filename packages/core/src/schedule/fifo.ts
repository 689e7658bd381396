const MIN_COMPACTION = 1_024

/** First in, first out, at a constant cost: shifting a large array moves all of it. */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  get first(): T | undefined {
    return this.#items[this.#head]
  }

  [Symbol.iterator](): Iterator<T> {
    return (this.#items.slice(this.#head) as T[]).values()
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#head] as T
    // What is out must not be kept until the next compaction: a lane holds records, and these what was fetched with them.
    this.#items[this.#head] = undefined
    this.#head += 1
    if (this.#head >= MIN_COMPACTION && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}
