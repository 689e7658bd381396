import type { BenchReport } from './harness/report.ts'

/** Flags by name: a whole number, or a list of them. */
export type Options = Readonly<Record<string, number | readonly number[]>>

export type Log = (line: string) => void

/** A benchmark; the flags that it takes are those that it has defaults for. */
export interface Bench {
  readonly id: string
  /** What it measures, in a line. */
  readonly summary: string
  readonly defaults: Options
  run(options: Options, log: Log): Promise<BenchReport>
}

/** Gives `run` the type of its own defaults; `readOptions` keeps to their shape. */
export function defineBench<Own extends Options>(
  bench: Omit<Bench, 'defaults' | 'run'> & {
    readonly defaults: Own
    run(options: Own, log: Log): Promise<BenchReport>
  },
): Bench {
  return { ...bench, run: (options, log) => bench.run(options as Own, log) }
}
