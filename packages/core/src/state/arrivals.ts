/** When offsets came, one entry per fetched batch; what is passed is forgotten. */
export class Arrivals {
  readonly #batches: { readonly end: number; readonly atMs: number }[] = []

  /** Offsets below `end` have come. Those below `passed` are not asked for any more. */
  note(end: number, atMs: number, passed: number): void {
    while (this.#batches[0] !== undefined && this.#batches[0].end <= passed) this.#batches.shift()
    this.#batches.push({ end, atMs })
  }

  /** Undefined for an offset that has not come. */
  of(offset: number): number | undefined {
    return this.#batches.find(({ end }) => end > offset)?.atMs
  }
}
