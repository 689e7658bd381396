import {
  circuitBreaker,
  deadLetter,
  exponential,
  type HandlerContext,
  halt,
  type RecordOf,
  retry,
} from '@holdfast/core'
import { Consumer, Handler } from '@holdfast/decorators'
import type { LookUp } from './look-up/look-up.ts'
import { writeLetter } from './mail/letter.ts'
import type { Mailer } from './mail/mailer.ts'
import { isOutage, isRefused } from './mail/smtp-failures.ts'
import { MailRequest } from './mail-request.ts'
import { CONCURRENCY, DEAD_TOPIC, GROUP, TOPIC } from './names.ts'

/** A mail that its server does not take now is tried again; one that it never will, or that is none, is put aside. */
const onFailure = retry({ attempts: 5 })
  .then(deadLetter())
  .when(isRefused, deadLetter())
  .when(isOutage, retry({ attempts: 100, backoff: exponential({ fromMs: 200, toMs: 10_000 }) }).then(halt()))

/** While the server is away nobody is to be written to, and one mail at a time finds out whether it is back. */
const smtp = circuitBreaker({ name: 'smtp', when: isOutage, halfOpenAfterMs: 1_000, halfOpenMaxMs: 30_000 })

/** Sends a mail for each request. When it returns, the offset may be committed. */
@Consumer({ groupId: GROUP, concurrency: CONCURRENCY, deadLetterTopic: DEAD_TOPIC, onFailure })
export class MailSender {
  readonly #lookUp: LookUp
  readonly #mailer: Mailer

  constructor(lookUp: LookUp, mailer: Mailer) {
    this.#lookUp = lookUp
    this.#mailer = mailer
  }

  @Handler(TOPIC, { value: MailRequest, circuit: smtp })
  async send({ value: request }: RecordOf<typeof MailRequest>, { signal, logger }: HandlerContext): Promise<void> {
    const found = await this.#lookUp(request, signal)
    logger.debug({ requestId: request.id, template: request.template }, 'recipient and template found')
    await this.#mailer.send(writeLetter(request, found), signal)
    logger.debug({ requestId: request.id }, 'mail sent')
  }
}
