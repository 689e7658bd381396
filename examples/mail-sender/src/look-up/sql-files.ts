import { readFile } from 'node:fs/promises'

const FILES = ['schema.sql', 'sample-data.sql']

/** The tables and their sample data, as one script. */
export async function sampleDatabaseSql(): Promise<string> {
  const texts = FILES.map((file) => readFile(new URL(`../../sql/${file}`, import.meta.url), 'utf8'))
  return (await Promise.all(texts)).join('\n')
}
