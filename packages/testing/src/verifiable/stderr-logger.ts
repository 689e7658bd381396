import type { Logger } from '@holdfast/core'

/** One JSON object a line, to stderr: stdout carries nothing but what the program tells. */
export function stderrLogger(fields: Record<string, unknown> = {}): Logger {
  const write =
    (level: string) =>
    (more: object, message: string): void => {
      const line = { time: new Date().toISOString(), level, message, ...fields, ...more }
      process.stderr.write(`${JSON.stringify(line, showError)}\n`)
    }
  return {
    trace: () => undefined,
    debug: () => undefined,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => stderrLogger({ ...fields, ...more }),
  }
}

function showError(_: string, value: unknown): unknown {
  return value instanceof Error ? (value.stack ?? value.message) : value
}
