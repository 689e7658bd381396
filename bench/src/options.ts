import { parseArgs } from 'node:util'
import type { Bench, Options } from './bench.ts'

export interface CommandLine {
  readonly bench: Bench
  readonly options: Options
  readonly json: boolean
}

/** Reads `<id> [--flag value]… [--json]`; undefined where it is not a line that some benchmark takes. */
export function readCommandLine(args: readonly string[], benches: readonly Bench[]): CommandLine | undefined {
  const bench = benches.find(({ id }) => id === args[0])
  if (bench === undefined) return undefined
  const flags = Object.keys(bench.defaults).map((name) => [name, { type: 'string' }] as const)
  try {
    const { values } = parseArgs({
      args: args.slice(1),
      options: { ...Object.fromEntries(flags), json: { type: 'boolean', default: false } },
    })
    const options = readOptions(bench.defaults, values)
    return options && { bench, options, json: values.json === true }
  } catch {
    return undefined
  }
}

export function showUsage(benches: readonly Bench[]): string {
  const lines = benches.map(({ id, summary, defaults }) => {
    const flags = Object.entries(defaults).map(([name, value]) => `[--${name} ${value}]`)
    return `  ${[id, ...flags, '[--json]'].join(' ')}\n      ${summary}`
  })
  return ['usage: pnpm bench <id>', ...lines].join('\n')
}

function readOptions(defaults: Options, given: Readonly<Record<string, unknown>>): Options | undefined {
  const options = Object.entries(defaults).map(([name, fallback]) => {
    const text = given[name]
    if (typeof text !== 'string') return [name, fallback] as const
    return [name, Array.isArray(fallback) ? text.split(',').map(Number) : Number(text)] as const
  })
  const isValid = options.every(([, value]) => [value].flat().every((number) => Number.isInteger(number) && number > 0))
  return isValid ? Object.fromEntries(options) : undefined
}
