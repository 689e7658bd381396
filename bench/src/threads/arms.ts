import { type ConsumerOptions, on } from '@holdfast/core'

export interface ThreadsArm {
  /** How many records are on their way at once. */
  readonly concurrency: number
  readonly options: Pick<ConsumerOptions, 'handlers' | 'threads'>
}

export const TOPIC = 'records'

function inThreads(threads: number): ThreadsArm {
  const module = new URL('./handler.ts', import.meta.url)
  return {
    concurrency: threads,
    options: { handlers: [on(TOPIC, { isolate: 'thread' }, module)], threads: { maxThreads: threads } },
  }
}

export const THREADS_ARMS: Readonly<Record<string, ThreadsArm>> = {
  here: { concurrency: 1, options: { handlers: [on(TOPIC, async () => undefined)] } },
  'one thread': inThreads(1),
  'two threads': inThreads(2),
}
