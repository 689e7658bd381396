/** Waits for the time when each member has a share, and the shares are all partitions, each once. */
export class Formation {
  readonly formed: Promise<void>
  readonly #partitions: number
  readonly #shares: (readonly number[])[]
  readonly #resolve: () => void

  constructor(members: number, partitions: number) {
    this.#partitions = partitions
    this.#shares = Array.from({ length: members }, () => [])
    const { promise, resolve } = Promise.withResolvers<void>()
    this.formed = promise
    this.#resolve = resolve
  }

  assign(member: number, partitions: readonly number[]): void {
    this.#shares[member] = partitions
    const all = this.#shares.flat()
    const isWhole = all.length === this.#partitions && new Set(all).size === all.length
    if (isWhole && this.#shares.every((share) => share.length > 0)) this.#resolve()
  }
}
