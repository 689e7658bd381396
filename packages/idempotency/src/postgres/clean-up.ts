import { fieldsOf, type RunQuery } from './postgres-client.ts'

/** How what has expired is deleted: up to 20 statements in a run. */
export interface CleanUpOptions {
  /**
   * The longest time between two runs while the store is used, in milliseconds; each comes after half of it to all.
   * @default 60000
   */
  readonly everyMs?: number
  /** How many rows one statement deletes. @default 1000 */
  readonly rows?: number
}

/** However much has expired, a run ends after so many statements, and the next one goes on soon. */
const MOST_STATEMENTS = 20
const SOON_MS = 1_000
/** What timers can hold. */
const LONGEST_MS = 2 ** 31 - 1

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
    // Members that started together do not clean up together.
    if (!this.#isDue) this.#after(this.#everyMs * (0.5 + Math.random() / 2))
  }

  /** Answers whether nothing more is to delete. */
  async now(): Promise<boolean> {
    for (let statement = 0; statement < MOST_STATEMENTS; statement += 1) {
      if ((await this.#delete(this.#rows)) < this.#rows) return true
    }
    return false
  }

  /** Rejects where it could not delete anything. */
  async check(): Promise<void> {
    await this.#delete(0)
  }

  #after(delayMs: number): void {
    this.#isDue = true
    const begin = async (): Promise<void> => {
      // Whatever keeps it from working shows in the check or in claims as well.
      const isAll = await this.now().catch(() => true)
      this.#isDue = false
      if (!isAll) this.#after(Math.min(SOON_MS, this.#everyMs))
    }
    setTimeout(begin, Math.min(delayMs, LONGEST_MS)).unref()
  }

  async #delete(rows: number): Promise<number> {
    const [row] = await this.#run(this.#statement, [rows])
    return Number(fieldsOf(row)[0] ?? 0)
  }
}
