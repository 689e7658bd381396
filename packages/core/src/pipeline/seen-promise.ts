type OnFulfilled<A> = ((value: unknown) => A | PromiseLike<A>) | null
type OnRejected<B> = ((reason: unknown) => B | PromiseLike<B>) | null

export type Ended = { readonly value: unknown } | { readonly error: unknown }

/** A promise that knows how it ended, and whether that has reached anybody. */
export class SeenPromise extends Promise<unknown> {
  #isSeen = false
  #ended: Ended | undefined

  /** What is derived from it is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  /** As `promise`. Its rejection is not unhandled where nobody asks: it is kept in `ended`. */
  static of(promise: Promise<unknown>): SeenPromise {
    const seen: SeenPromise = new SeenPromise((resolve, reject) => {
      void promise.then(
        (value) => {
          seen.#ended = { value }
          resolve(value)
        },
        (error: unknown) => {
          seen.#ended = { error }
          void seen.#whenEnded()
          reject(error)
        },
      )
    })
    return seen
  }

  /** How it ended, as a promise while it has not. To ask is not to see it. */
  get ended(): Ended | Promise<Ended> {
    return this.#ended ?? this.#whenEnded()
  }

  get isSeen(): boolean {
    return this.#isSeen
  }

  // biome-ignore lint/suspicious/noThenProperty: to await a promise of a class of its own is to call this
  override then<A = unknown, B = never>(onFulfilled?: OnFulfilled<A>, onRejected?: OnRejected<B>): Promise<A | B> {
    return super.then(
      (value) => {
        this.#isSeen = true
        return onFulfilled ? onFulfilled(value) : (value as A)
      },
      (reason: unknown) => {
        this.#isSeen = true
        if (!onRejected) throw reason
        return onRejected(reason)
      },
    )
  }

  #whenEnded(): Promise<Ended> {
    return super.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
  }
}
