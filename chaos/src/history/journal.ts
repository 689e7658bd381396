import { closeSync, openSync, writeSync } from 'node:fs'
import type { Entry, Note } from './entry.ts'

/** Milliseconds of CLOCK_MONOTONIC, which all processes of the machine read alike. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** A file to which a process appends what happens, at once: a kill takes nothing that was noted. */
export class Journal {
  readonly #process: string
  readonly #file: number

  constructor(process: string, path: string) {
    this.#process = process
    this.#file = openSync(path, 'a')
  }

  note(note: Note, at: number = monotonicMs()): void {
    const entry = { at, process: this.#process, ...note } as Entry
    writeSync(this.#file, `${JSON.stringify(entry)}\n`)
  }

  close(): void {
    closeSync(this.#file)
  }
}
