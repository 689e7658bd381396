import { fileURLToPath } from 'node:url'
import { FlagError } from './flags.ts'
import { readCommandLine } from './options.ts'
import { runProgram } from './program.ts'
import { STORIES } from './stories/stories.ts'

const FOLDER = fileURLToPath(new URL('../../.holdfast/chaos', import.meta.url))

try {
  const line = readCommandLine(process.argv.slice(2), STORIES, Date.now() % 2 ** 31)
  const isGood = await runProgram(line, { folder: FOLDER, print: console.log, log: console.error })
  process.exitCode = isGood ? 0 : 1
} catch (error) {
  console.error(error instanceof FlagError ? error.message : error)
  process.exitCode = 1
}
