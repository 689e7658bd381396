const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Aborts on the first Ctrl-C (or SIGTERM, or a closed terminal), so that all is put away; the second does not wait. */
export function interruptible(onSecond: () => void): AbortSignal {
  const interrupt = new AbortController()
  const onSignal = (): void => {
    if (!interrupt.signal.aborted) return interrupt.abort(new Error('interrupted'))
    onSecond()
    process.exit(130)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return interrupt.signal
}
