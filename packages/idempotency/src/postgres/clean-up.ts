import type { RunQuery } from './postgres-client.ts'

/** How what has expired is deleted: up to 20 statements in a run. */
export interface CleanUpOptions {
  /**
   * The longest time between two runs while the store is used, in milliseconds; each comes after half of it to all. @default
   * 60000
   */
  readonly everyMs?: number
  /** How many rows one statement deletes. @default 1000 */
  readonly rows?: number
}

/** However much has expired, a run ends after so many statements, and the next one goes on. */
const MOST_STATEMENTS = 20

/**
 * Deletes what has expired, now and then, for as long as the store is used: without a use there is no next run, and
 * nothing that keeps the process.
 */
export class CleanUp {
  readonly #run: RunQuery
  readonly #statement: string
  readonly #everyMs: number
  readonly #rows: number
  #isDue = false

  constructor(run: RunQuery, statement: string, { everyMs = 60_000, rows = 1_000 }: CleanUpOptions) {
    this.#run = run
    this.#statement = `with gone as (${statement} returning 1) select count(*)::int as rows from gone`
    this.#everyMs = everyMs
    this.#rows = rows
  }

  /** The store was used. */
  noteUse(): void {
    if (this.#isDue) return
    this.#isDue = true
    // Members that started together do not clean up together.
    const delayMs = this.#everyMs * (0.5 + Math.random() / 2)
    setTimeout(() => {
      this.#isDue = false
      // Whatever keeps it from working shows in claims as well.
      this.now().catch(() => undefined)
    }, delayMs).unref()
  }

  async now(): Promise<void> {
    for (let statement = 0; statement < MOST_STATEMENTS; statement += 1) {
      const [row] = await this.#run(this.#statement, [this.#rows])
      if (!(Number(Object.values(row ?? {})[0]) >= this.#rows)) return
    }
  }
}
