import type { RelaySettings } from './relay-options.ts'

/** A listener that throws or rejects must not end the relay, nor the process: there is nobody else to tell. */
export function heard(listener: RelaySettings['onError']): RelaySettings['onError'] {
  return (error, failure) => {
    try {
      const answer: unknown = listener(error, failure)
      if (answer instanceof Promise) answer.catch(() => undefined)
    } catch {}
  }
}
