import type { AttemptCall } from '@holdfast/core'

/**
 * What is kept of a handler's answer: JSON of `maxBytes` at the most. Its effect was made, so that a result that can't be
 * kept fails nothing.
 */
export function keptResult(answer: unknown, maxBytes: number, call: AttemptCall): string | null {
  if (maxBytes === 0 || answer === undefined) return null
  try {
    // JSON of a function or a symbol is undefined.
    const json = JSON.stringify(answer) ?? null
    if (json === null || Buffer.byteLength(json) <= maxBytes) return json
    call.logger.warn({ bytes: Buffer.byteLength(json), maxBytes }, 'the result of a handler is too long to be kept')
  } catch (error) {
    call.logger.warn({ err: error }, 'the result of a handler is no JSON and is not kept')
  }
  return null
}

export function answerOf(result: string | null): unknown {
  return result === null ? undefined : JSON.parse(result)
}
