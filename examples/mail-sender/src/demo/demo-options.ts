import { parseArgs } from 'node:util'
import { parseLookUpTime } from '../look-up/look-up-time.ts'

export const USAGE = `Usage: pnpm demo [options]

  --records <n>       requests to produce                        300
  --workers <n>       worker processes                           2
  --concurrency <n>   mails at the same time, over all workers   6 for each worker
  --lookup-ms <ms>    how long each look-up takes                150
  --lookup <time>     or: story (1-2 minutes, 1000 times faster), story:100, story:1
  --database <which>  auto or pglite                             auto
  --session-ms <ms>   the workers' session time-out              6000
  --failures          bad addresses, refused mails, requests sent twice, a server that is away, a request that kills
  --rolling           replaces every worker, one after another
  --strategy <names>  how workers share partitions               cooperative-sticky,range
  --static            a replaced worker comes back under its name
  --json              ends with one line of JSON
  --help

DATABASE_URL, REDIS_URL, SMTP_URL and KAFKA_BROKERS name servers of yours to use instead of those the demo brings up.`

export interface DemoOptions {
  readonly records: number
  readonly workers: number
  /** How many mails each worker sends at the same time; undefined for its default. */
  readonly slotsPerWorker: number | undefined
  /** As `parseLookUpTime` takes it. */
  readonly lookUpTime: string
  readonly database: 'auto' | 'pglite'
  readonly sessionTimeoutMs: number
  readonly hasFailures: boolean
  readonly isRolling: boolean
  /** As the worker takes it; undefined for its default. */
  readonly strategy: string | undefined
  readonly isStatic: boolean
  readonly json: boolean
  readonly help: boolean
}

/** @throws naming the argument that is unknown or wrong */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    // pnpm passes on a "--" that separates its own arguments from the script's.
    args: args.filter((arg) => arg !== '--'),
    options: {
      records: { type: 'string', default: '300' },
      workers: { type: 'string', default: '2' },
      concurrency: { type: 'string' },
      'lookup-ms': { type: 'string' },
      lookup: { type: 'string' },
      database: { type: 'string', default: 'auto' },
      'session-ms': { type: 'string', default: '6000' },
      failures: { type: 'boolean', default: false },
      rolling: { type: 'boolean', default: false },
      strategy: { type: 'string' },
      static: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const workers = count('--workers', values.workers, 1, 20)
  return {
    records: count('--records', values.records, 1, 1_000_000),
    workers,
    slotsPerWorker: slotsPerWorker(values.concurrency, workers),
    lookUpTime: lookUpTime(values['lookup-ms'], values.lookup),
    database: databaseChoice(values.database),
    sessionTimeoutMs: count('--session-ms', values['session-ms'], 1_000, 300_000),
    hasFailures: values.failures,
    isRolling: values.rolling,
    strategy: values.strategy,
    isStatic: values.static,
    json: values.json,
    help: values.help,
  }
}

function count(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new RangeError(`${name} ${text}: it must be a whole number from ${least} to ${most}`)
}

function slotsPerWorker(concurrency: string | undefined, workers: number): number | undefined {
  return concurrency === undefined ? undefined : Math.ceil(count('--concurrency', concurrency, 1, 10_000) / workers)
}

function lookUpTime(ms: string | undefined, time: string | undefined): string {
  if (ms !== undefined && time !== undefined) throw new RangeError('--lookup-ms and --lookup exclude each other')
  if (ms !== undefined) return String(count('--lookup-ms', ms, 0, 600_000))
  const text = time ?? '150'
  parseLookUpTime(text)
  return text
}

function databaseChoice(text: string): 'auto' | 'pglite' {
  if (text === 'auto' || text === 'pglite') return text
  throw new RangeError(`--database ${text}: it must be auto or pglite`)
}
