import { describe, expect, it } from 'vitest'
import { startCatcher } from '../../src/mail/catcher.ts'
import { smtpMailer } from '../../src/mail/mailer.ts'
import { isOutage, isRefused } from '../../src/mail/smtp-failures.ts'

const letter = { messageId: '<1@x>', to: { name: 'Ann', address: 'ann@example.com' }, subject: 'Hi', text: 'Hello' }

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
