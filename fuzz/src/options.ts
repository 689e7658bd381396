import { parseArgs } from 'node:util'
import { DURATION, FlagError, readNumber, SEED } from 'holdfast-chaos/flags'

export interface CommandLine {
  readonly seed: number
  readonly seconds: number
  /** The one case to read; undefined for one after the other. */
  readonly only: number | undefined
}

const DEFAULT_SECONDS = 60

/** @throws FlagError */
export function readCommandLine(args: readonly string[], anySeed: number): CommandLine {
  const values = parse(args)
  return {
    seed: readNumber('seed', values.seed, anySeed, SEED),
    seconds: readNumber('seconds', values.seconds, DEFAULT_SECONDS, DURATION),
    only: values.case === undefined ? undefined : readNumber('case', values.case, 0, SEED),
  }
}

function parse(args: readonly string[]) {
  try {
    const options = { seed: { type: 'string' }, seconds: { type: 'string' }, case: { type: 'string' } } as const
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new FlagError((error as Error).message, 'use --seed, --seconds and --case')
  }
}
