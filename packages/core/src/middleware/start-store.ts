import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Remembers, across processes, which records were begun and never ended. */
export interface StartStore {
  /** How often the record was begun since it last ended. */
  unfinished(record: string): Promise<number>
  /** It is about to be handled; resolves when that would outlast the process. */
  begin(record: string): Promise<void>
  /** Its handler has come back, with whatever result. */
  end(record: string): Promise<void>
}

/**
 * A small file for each record that is being handled, with a line for each start. It outlasts the process, not the disk:
 * give it a volume that the next process has too, and to each service a directory of its own.
 */
export function fileStartStore(directory: string): StartStore {
  const fileOf = (record: string): string =>
    join(directory, createHash('sha256').update(record).digest('hex').slice(0, 32))
  return {
    async unfinished(record) {
      try {
        const starts = await readFile(fileOf(record), 'utf8')
        return starts.split('\n').length - 1
      } catch (error) {
        if (isMissing(error)) return 0
        throw error
      }
    },
    async begin(record) {
      const append = (): Promise<void> => appendFile(fileOf(record), `${record}\n`)
      // The directory may be made, or mounted, at any time, and go.
      await append().catch(async (error: unknown) => {
        if (!isMissing(error)) throw error
        await mkdir(directory, { recursive: true })
        await append()
      })
    },
    async end(record) {
      await rm(fileOf(record), { force: true })
    },
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
