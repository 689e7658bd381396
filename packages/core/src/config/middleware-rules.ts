import { HoldfastError } from '../errors/holdfast-error.ts'
import { isRecordsOnly } from '../pipeline/middleware.ts'
import type { ConsumerConfig } from './options.ts'

/** Middleware that can do nothing for the handler it stands around. */
export function middlewareConflicts({ handlers, use }: ConsumerConfig): HoldfastError[] {
  return handlers.flatMap(({ name, batch, options }) => {
    const misplaced = [...use, ...(options.use ?? [])].find(isRecordsOnly)
    if (!batch || misplaced === undefined) return []
    return [
      new HoldfastError(
        'HF_OPTION_INVALID',
        `use has ${misplaced.name}, which cannot tell the records of a batch apart, and ${name} is a batch handler.\n  Fix: give ${misplaced.name} to handlers of single records, with use in their options.`,
        { details: { option: 'use' } },
      ),
    ]
  })
}
