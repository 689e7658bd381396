/** Holds requests back until it is let go. */
export class Hold {
  #held: PromiseWithResolvers<void> | undefined

  /** Requests that arrive from now on wait until the answer of this call is called. */
  begin(): () => void {
    const held = Promise.withResolvers<void>()
    this.#held = held
    return () => {
      if (this.#held === held) this.#held = undefined
      held.resolve()
    }
  }

  /** Undefined where nothing is held. */
  get held(): Promise<void> | undefined {
    return this.#held?.promise
  }
}
