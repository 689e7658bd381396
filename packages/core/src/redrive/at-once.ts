import { HoldfastError } from '../errors/holdfast-error.ts'
import { isThenable } from '../model/thenable.ts'

/**
 * What a function given as an option answers. A promise would count as true, and as a name; and nobody would catch what it
 * rejects with.
 * @throws HF_OPTION_INVALID
 */
export function atOnce<Answer>(call: string, option: string, answer: Answer): Answer {
  if (!isThenable(answer)) return answer
  Promise.resolve(answer).catch(() => undefined)
  throw invalid(call, option, `${option} answered a promise, and must answer at once`)
}

export function invalid(call: string, option: string, reason: string): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `${call}: ${reason}.\n  Fix: correct ${option}, or leave it out.`, {
    details: { option },
  })
}
