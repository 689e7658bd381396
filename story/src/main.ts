import { fileURLToPath } from 'node:url'
import { FlagError } from 'holdfast-chaos/flags'
import { ARMS } from './arms/arms.ts'
import { readCommandLine } from './options.ts'
import { runProgram } from './program.ts'

const FOLDER = fileURLToPath(new URL('../../.holdfast/story', import.meta.url))
const SVG_PATH = fileURLToPath(new URL('../story.svg', import.meta.url))

try {
  const line = readCommandLine(process.argv.slice(2), ARMS, SVG_PATH)
  await runProgram(line, { folder: FOLDER, print: console.log, log: console.error })
} catch (error) {
  console.error(error instanceof FlagError ? error.message : error)
  process.exitCode = 1
}
