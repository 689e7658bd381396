import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file that a thread writes to for as long as it lives. */
export class WrittenFile implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-threads-'))

  get path(): string {
    return join(this.#folder, 'written')
  }

  get size(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }
}
