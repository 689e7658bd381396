const LOOK_EVERY_MS = 20
const MOST_LOOKS = 1_000

interface Look {
  readonly atMs: number
  readonly usedMs: number
}

/** Looks all the time at what this process uses of the processor. */
export class ProcessorTime {
  readonly #looks: Look[] = [look()]

  constructor() {
    setInterval(() => {
      this.#looks.push(look())
      if (this.#looks.length > MOST_LOOKS) this.#looks.shift()
    }, LOOK_EVERY_MS).unref()
  }

  /** What was used in the last so many milliseconds, at the most: counted from the look before them. */
  usedIn(lastMs: number): number {
    const { atMs, usedMs } = look()
    const before = this.#looks.findLast((each) => each.atMs <= atMs - lastMs) ?? this.#looks[0]
    return usedMs - (before?.usedMs ?? 0)
  }
}

function look(): Look {
  const { user, system } = process.cpuUsage()
  return { atMs: performance.now(), usedMs: (user + system) / 1_000 }
}
