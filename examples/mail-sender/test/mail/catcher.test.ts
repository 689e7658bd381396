import { describe, expect, it } from 'vitest'
import { messageIdIn, startCatcher } from '../../src/mail/catcher.ts'
import { smtpMailer } from '../../src/mail/mailer.ts'

const letter = {
  messageId: '<1@mail-sender.example>',
  to: { name: 'Änn', address: 'ann@example.com' },
  subject: 'Hi',
  text: 'Hello',
}

describe('the catcher', () => {
  it('tells the Message-ID of each mail before the sender knows that it was taken', async () => {
    const caught: string[] = []
    await using catcher = await startCatcher((messageId) => caught.push(messageId))
    await using mailer = smtpMailer(catcher.url, 'from@example.com', 2)
    await mailer.send(letter, new AbortController().signal)
    expect(caught).toEqual(['<1@mail-sender.example>'])
    await mailer.send(letter, new AbortController().signal)
    expect(caught).toHaveLength(2)
  })

  it('gets nothing from a send whose signal has aborted', async () => {
    const caught: string[] = []
    await using catcher = await startCatcher((messageId) => caught.push(messageId))
    await using mailer = smtpMailer(catcher.url, 'from@example.com', 1)
    await expect(mailer.send(letter, AbortSignal.abort(new Error('revoked')))).rejects.toThrow()
    expect(caught).toEqual([])
  })
})

describe('the Message-ID of a mail', () => {
  it.each([
    ['plain', 'From: a\r\nMessage-ID: <1@x>\r\n\r\nbody', '<1@x>'],
    ['folded, in another case', 'MESSAGE-id:\r\n <1@x>\r\n\r\nbody', '<1@x>'],
    ['in the body only', 'From: a\r\n\r\nMessage-ID: <1@x>', ''],
    ['absent', 'From: a\r\n\r\nbody', ''],
  ])('%s', (_, mail, messageId) => {
    expect(messageIdIn(mail)).toBe(messageId)
  })
})
