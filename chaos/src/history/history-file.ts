import { createReadStream, createWriteStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Entry } from './entry.ts'

/** The journals of a folder as one history, in the order of time. */
export async function readJournals(folder: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const name of readdirSync(folder)) {
    const lines = createInterface({ input: createReadStream(join(folder, name)), crlfDelay: Number.POSITIVE_INFINITY })
    for await (const line of lines) {
      const entry = parseLine(line)
      if (entry !== undefined) entries.push(entry)
    }
  }
  return entries.sort((a, b) => a.at - b.at)
}

export async function writeHistory(path: string, entries: readonly Entry[]): Promise<void> {
  const lines = function* (): Generator<string> {
    for (const entry of entries) yield `${JSON.stringify(entry)}\n`
  }
  await pipeline(Readable.from(lines()), createWriteStream(path))
}

/** A kill may have cut the last line off. */
function parseLine(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry
  } catch {
    return undefined
  }
}
