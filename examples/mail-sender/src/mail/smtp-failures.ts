/** Answers by which a server says that it takes nothing at all now. */
const NOT_NOW: readonly number[] = [421, 454]

/** What nodemailer says of an answer, or of a connection that did not come to be. */
interface SmtpError {
  readonly responseCode?: unknown
  readonly code?: unknown
}

function codeOf(error: unknown): number | undefined {
  const { responseCode } = (error ?? {}) as SmtpError
  return typeof responseCode === 'number' ? responseCode : undefined
}

/** The server refuses this very mail, now and for ever: there is no such address, or it does not like what it says. */
export function isRefused(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && code >= 500
}

/** The server is away, or sends everybody away: it has nothing to do with this mail. */
export function isOutage(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== undefined) return NOT_NOW.includes(code)
  return error instanceof Error && 'code' in error && /^E(CONN|SOCKET|TIMEDOUT|DNS|PROTOCOL)/.test(String(error.code))
}
