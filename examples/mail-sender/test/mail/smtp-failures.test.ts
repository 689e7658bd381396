import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { describe, expect, it } from 'vitest'
import { startCatcher } from '../../src/mail/catcher.ts'
import { smtpMailer } from '../../src/mail/mailer.ts'
import { isOutage, isRefused } from '../../src/mail/smtp-failures.ts'

const letter = { messageId: '<1@x>', to: { name: 'Ann', address: 'ann@example.com' }, subject: 'Hi', text: 'Hello' }

const no = (responseCode: number): Error => Object.assign(new Error('no'), { responseCode })

/** What a send fails with, at a server with this fault. */
async function failure(code: number | undefined, isDown = false): Promise<unknown> {
  const faults = {
    isDown: () => isDown,
    refusalOf: () => (code === undefined ? undefined : { code, text: 'no' }),
  }
  const caught: string[] = []
  await using catcher = await startCatcher((messageId) => caught.push(messageId), faults)
  await using mailer = smtpMailer(catcher.url, 'from@example.com', 1)
  const error = await mailer.send(letter, new AbortController().signal).catch((reason: unknown) => reason)
  expect(caught).toEqual([])
  return error
}

describe('why a mail was not taken', () => {
  it.each([
    ['refused for good', 550, false, [true, false]],
    ['busy', 451, false, [false, false]],
    ['the server sends everybody away', undefined, true, [false, true]],
  ])('%s', async (_name, code, isDown, expected) => {
    const error = await failure(code, isDown)
    expect([isRefused(error), isOutage(error)]).toEqual(expected)
  })

  it.each<[string, SMTPServerOptions]>([
    ['the server does not take the password', { onAuth: (_auth, _session, next) => next(no(535)) }],
    ['the server wants a password', { authOptional: true, onMailFrom: (_from, _session, next) => next(no(530)) }],
    ['the server takes nothing from here', { onConnect: (_session, next) => next(no(554)) }],
  ])('%s: it is not this very mail', async (_name, options) => {
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      logger: false,
      ...options,
    })
    server.on('error', () => undefined)
    const listening = server.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    const { port } = listening.address() as AddressInfo
    await using mailer = smtpMailer(`smtp://user:password@127.0.0.1:${port}`, 'from@example.com', 1)
    const error = await mailer.send(letter, new AbortController().signal).catch((reason: unknown) => reason)
    await new Promise<void>((closed) => server.close(closed))
    expect(error).toBeInstanceOf(Error)
    expect([isRefused(error), isOutage(error)]).toEqual([false, true])
  })

  it('nobody listens', async () => {
    const { url } = await startCatcher(() => undefined).then(async (catcher) => {
      await catcher[Symbol.asyncDispose]()
      return catcher
    })
    await using mailer = smtpMailer(url, 'from@example.com', 1)
    const error = await mailer.send(letter, new AbortController().signal).catch((reason: unknown) => reason)
    expect([isRefused(error), isOutage(error)]).toEqual([false, true])
  })

  it.each([undefined, null, 'text', new Error('plain'), { responseCode: '550' }])('%s is neither', (error) => {
    expect([isRefused(error), isOutage(error)]).toEqual([false, false])
  })
})
