import { parseArgs } from 'node:util'
import { DURATION, FlagError, type NumberRange, readNumber, SEED } from 'holdfast-chaos/flags'
import type { Arm } from './arms/arm.ts'

export interface CommandLine {
  readonly arms: readonly Arm[]
  readonly requests: number
  /** Of each arm, at most. */
  readonly seconds: number
  readonly seed: number
  readonly svgPath: string
  readonly json: boolean
}

const DEFAULTS = { requests: 500, seconds: 75, seed: 1 } as const
const MAX_REQUESTS = 100_000

const COUNT: NumberRange = {
  allowed: `a whole number from 1 to ${MAX_REQUESTS}`,
  has: (value) => Number.isInteger(value) && value >= 1 && value <= MAX_REQUESTS,
}

/** @throws FlagError */
export function readCommandLine(args: readonly string[], arms: readonly Arm[], svgPath: string): CommandLine {
  const values = parse(args)
  return {
    arms: readArms(values.arm, arms),
    requests: readNumber('requests', values.requests, DEFAULTS.requests, COUNT),
    seconds: readNumber('seconds', values.seconds, DEFAULTS.seconds, DURATION),
    seed: readNumber('seed', values.seed, DEFAULTS.seed, SEED),
    svgPath: values.svg ?? svgPath,
    json: values.json === true,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        arm: { type: 'string', multiple: true },
        requests: { type: 'string' },
        seconds: { type: 'string' },
        seed: { type: 'string' },
        svg: { type: 'string' },
        json: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('. ')
    throw new FlagError(reason, 'use --arm NAME, --requests N, --seconds N, --seed N, --svg PATH and --json')
  }
}

function readArms(names: readonly string[] | undefined, arms: readonly Arm[]): readonly Arm[] {
  if (names === undefined) return arms
  const unknown = names.find((name) => arms.every((arm) => arm.name !== name))
  if (unknown === undefined) return arms.filter(({ name }) => names.includes(name))
  const known = arms.map(({ name }) => name).join(', ')
  throw new FlagError(`--arm ${unknown} is not allowed: there is no such arm`, `use one or more of ${known}`)
}
