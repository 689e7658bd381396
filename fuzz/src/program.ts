import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { CommandLine } from './options.ts'
import type { Assignment, Report } from './worker.ts'

const ENTRY = new URL('./worker.ts', import.meta.url)
/** One case takes milliseconds. */
const MAX_CASE_MS = 10_000
const LOOK_EVERY_MS = 500
const MAX_HEAP_MB = 1_024

/** Reads cases in a thread of their own, and watches it. Answers whether all was well. */
export async function runProgram(
  { seed, seconds, only }: CommandLine,
  print: (line: string) => void,
): Promise<boolean> {
  print(`seed ${seed}`)
  const current = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const range = only === undefined ? { from: 0, until: 2 ** 31 - 1 } : { from: only, until: only + 1 }
  const assignment: Assignment = { seed, ...range, endMs: Date.now() + seconds * 1_000, current }
  const worker = new Worker(ENTRY, { workerData: assignment, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } })
  const watch = watching(current)
  try {
    const [report] = (await Promise.race([once(worker, 'message'), watch.hung])) as [Report]
    print(`${report.cases} cases`)
    if (report.complaint !== undefined) print(complaint(seed, report.complaint.index, report.complaint.text))
    return report.complaint === undefined
  } catch (error) {
    print(complaint(seed, current[0] as number, String(error)))
    return false
  } finally {
    watch.stop()
    await worker.terminate()
  }
}

/** Rejects when the same case is being read for too long. */
function watching(current: Int32Array): { readonly hung: Promise<never>; stop(): void } {
  const { promise: hung, reject } = Promise.withResolvers<never>()
  let [index, sinceMs] = [-1, Date.now()]
  const timer = setInterval(() => {
    if (current[0] !== index) [index, sinceMs] = [current[0] as number, Date.now()]
    else if (Date.now() - sinceMs > MAX_CASE_MS) reject(new Error(`it has been read for ${MAX_CASE_MS} ms`))
  }, LOOK_EVERY_MS)
  return { hung, stop: () => clearInterval(timer) }
}

function complaint(seed: number, index: number, text: string): string {
  return `case ${index}: ${text}\n  Again: pnpm fuzz --seed ${seed} --case ${index}`
}
