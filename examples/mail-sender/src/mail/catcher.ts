import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

const MAX_HEADER_CHARACTERS = 65_536

/** An SMTP server on this machine that takes every mail and passes none on. */
export interface Catcher extends AsyncDisposable {
  readonly url: string
}

/** How a mail is refused. */
export interface Refusal {
  /** 4xx: not now; 5xx: never. */
  readonly code: number
  readonly text: string
}

/** What goes wrong with a server. */
export interface MailFaults {
  /** Whether it sends everybody away. */
  isDown(): boolean
  refusalOf(messageId: string): Refusal | undefined
}

const NO_FAULTS: MailFaults = { isDown: () => false, refusalOf: () => undefined }

/** `onMail` gets the Message-ID of each mail before its sender is told that it was taken. */
export async function startCatcher(
  onMail: (messageId: string) => void,
  faults: MailFaults = NO_FAULTS,
): Promise<Catcher> {
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 1_000,
    logger: false,
    onMailFrom(_address, _session, next) {
      next(faults.isDown() ? smtpError({ code: 421, text: 'come back later' }) : undefined)
    },
    onData(stream, _session, taken) {
      let head = ''
      stream.setEncoding('latin1')
      stream.on('data', (chunk: string) => {
        if (head.length < MAX_HEADER_CHARACTERS) head += chunk
      })
      stream.once('error', (error: Error) => taken(error))
      stream.once('end', () => {
        const messageId = messageIdIn(head)
        const refusal = faults.refusalOf(messageId)
        if (refusal !== undefined) return taken(smtpError(refusal))
        onMail(messageId)
        taken()
      })
    },
  })
  // Without a listener, a client that is killed in mid-delivery would end this process.
  server.on('error', () => undefined)
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((closed) => {
        server.close(closed)
      })
    },
  }
}

function smtpError({ code, text }: Refusal): Error {
  return Object.assign(new Error(text), { responseCode: code })
}

/** The Message-ID among the headers; empty where there is none. */
export function messageIdIn(mail: string): string {
  const [headers = ''] = mail.split('\r\n\r\n', 1)
  return /^message-id:\s*(<[^<>\s]+>)/im.exec(headers)?.[1] ?? ''
}
