/** Answers by which a server says that it takes nothing at all now, or nothing without a login. */
const NOT_NOW: readonly number[] = [421, 454, 530, 534, 535, 538]
/** What failed before there was a mail to speak of: the greeting, the login. */
const NO_SESSION = /^E(PROTOCOL|AUTH|NOAUTH|OAUTH2|TLS)$/
const NO_CONNECTION = /^E(CONN|SOCKET|TIMEDOUT|DNS|PROXY)/

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
  return code !== undefined && code >= 500 && !isOutage(error)
}

/** The server is away, or sends everybody away, or this sender: it has nothing to do with this mail. */
export function isOutage(error: unknown): boolean {
  const name = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (NO_SESSION.test(name)) return true
  const code = codeOf(error)
  return code === undefined ? NO_CONNECTION.test(name) : NOT_NOW.includes(code)
}
