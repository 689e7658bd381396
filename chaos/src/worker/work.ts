import { setTimeout as sleep } from 'node:timers/promises'
import { type ConsumerRecord, type HandlerContext, HoldfastError } from '@holdfast/core'
import type { Journal } from '../history/journal.ts'
import type { Work } from '../stories/story.ts'

/** A handler that takes its steps, and notes when it starts, is aborted and ends. */
export function createHandler(
  journal: Journal,
  work: Work,
): (record: ConsumerRecord, context: HandlerContext) => Promise<void> {
  let runs = 0
  return async ({ topic, partition, offset, key, value }, { signal }) => {
    runs += 1
    const touched = { topic, partition, offset, run: runs }
    const sequence = Number(value)
    journal.note({ kind: 'start', ...touched, key: String(key), sequence })
    signal.addEventListener(
      'abort',
      () => journal.note({ kind: 'abort', ...touched, reason: reasonOf(signal.reason) }),
      { once: true },
    )
    for (let step = stepsOf(work, sequence); step > 0; step -= 1) {
      await sleep(work.stepMs)
      if (work.onAbort === 'end') signal.throwIfAborted()
    }
    journal.note({ kind: 'end', ...touched })
  }
}

function stepsOf({ slowEvery, slowSteps }: Work, sequence: number): number {
  return slowEvery !== undefined && sequence % slowEvery === 0 ? (slowSteps ?? 1) : 1
}

function reasonOf(error: unknown): string {
  return error instanceof HoldfastError ? String(error.details.reason) : String(error)
}
