import { expect, it } from 'vitest'
import { Failures } from '../../src/demo/failures.ts'
import { sampleRequests } from '../../src/demo/sample-requests.ts'
import { messageIdOf } from '../../src/mail/message-id.ts'
import { MailRequest } from '../../src/mail-request.ts'

it('of 20 requests one is none, one is refused for good, one twice, one is sent twice; and one of all kills its worker', () => {
  const failures = new Failures(sampleRequests(40))
  expect(failures.hopeless).toBe(5)
  expect(failures.repeats).toEqual([failures.requests[15], failures.requests[35]])
  expect(failures.fatal).toBe(failures.requests[17]?.id)
  expect(new Failures(sampleRequests(17))).toMatchObject({ fatal: undefined, hopeless: 2 })
  expect(failures.requests.filter((request) => !MailRequest.safeParse(request).success)).toHaveLength(2)
  const codes = (): (number | undefined)[] =>
    failures.requests.slice(0, 20).map(({ id }) => failures.refusalOf(messageIdOf(id))?.code)
  expect([codes(), codes(), codes()].map((round) => [round[7], round[11], round[0]])).toEqual([
    [550, 451, undefined],
    [550, 451, undefined],
    [550, undefined, undefined],
  ])
})

it('the server is away for a while after some mails, and then there again', async () => {
  const failures = new Failures(sampleRequests(40))
  for (let mail = 0; mail < 19; mail += 1) failures.noteMail()
  expect(failures.isDown()).toBe(false)
  failures.noteMail()
  expect(failures.isDown()).toBe(true)
  await expect.poll(() => failures.isDown(), { timeout: 5_000 }).toBe(false)
})
