import { readFileSync } from 'node:fs'
import { EXIT_CODES, HoldfastError } from '@holdfast/core'
import { readFlags, showUsage } from './flags.ts'
import { readSettings } from './settings.ts'
import { runVerifiableConsumer } from './verifiable-consumer.ts'

async function main(args: readonly string[]): Promise<void> {
  const flags = readFlags(args)
  if (flags.has('help')) return console.error(showUsage())
  const settings = readSettings(flags, (path) => readFileSync(path, 'utf8'))
  for (const warning of settings.warnings) console.error(`warning: ${warning}`)
  await runVerifiableConsumer(settings)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof HoldfastError ? error.message : error)
  process.exitCode = EXIT_CODES.failed
}
