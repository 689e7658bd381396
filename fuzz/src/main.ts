import { FlagError } from 'holdfast-chaos/flags'
import { readCommandLine } from './options.ts'
import { runProgram } from './program.ts'

try {
  const line = readCommandLine(process.argv.slice(2), Date.now() % 2 ** 31)
  process.exitCode = (await runProgram(line, console.log)) ? 0 : 1
} catch (error) {
  console.error(error instanceof FlagError ? error.message : error)
  process.exitCode = 1
}
