import { createTransport } from 'nodemailer'
import type { Letter } from './letter.ts'

const TIMEOUT_MS = 30_000

/** Sends a letter; resolves when the server has taken it. */
export interface Mailer extends AsyncDisposable {
  send(letter: Letter, signal: AbortSignal): Promise<void>
}

/** Sends over SMTP (`smtp://user:password@host:port`, or `smtps://`) by a pool of connections. */
export function smtpMailer(url: string, from: string, maxConnections: number): Mailer {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections,
    maxMessages: Number.POSITIVE_INFINITY,
    // A mail whose connection breaks may have been taken. Whether to send it again is for the consumer to say, not the pool.
    maxRequeues: 0,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  })
  return {
    async send(letter, signal) {
      await transport.sendMail({ from, ...letter, signal, disableFileAccess: true, disableUrlAccess: true })
    },
    async [Symbol.asyncDispose]() {
      transport.close()
    },
  }
}
