type OnFulfilled<T, A> = ((value: T) => A | PromiseLike<A>) | null
type OnRejected<B> = ((reason: unknown) => B | PromiseLike<B>) | null

/** A promise that knows whether its outcome has reached anybody. */
export class SeenPromise<T> extends Promise<T> {
  #isSeen = false

  /** What is derived from it is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  /** As `promise`. Its rejection is not unhandled where nobody asks: whoever made it has `promise`. */
  static of<T>(promise: Promise<T>): SeenPromise<T> {
    const seen = new SeenPromise<T>((resolve) => resolve(promise))
    Promise.prototype.then.call(seen, undefined, () => undefined)
    return seen
  }

  get isSeen(): boolean {
    return this.#isSeen
  }

  // biome-ignore lint/suspicious/noThenProperty: to await a promise of a class of its own is to call this
  override then<A = T, B = never>(onFulfilled?: OnFulfilled<T, A>, onRejected?: OnRejected<B>): Promise<A | B> {
    return super.then(
      (value) => {
        this.#isSeen = true
        return onFulfilled ? onFulfilled(value) : (value as unknown as A)
      },
      (reason: unknown) => {
        this.#isSeen = true
        if (!onRejected) throw reason
        return onRejected(reason)
      },
    )
  }
}
