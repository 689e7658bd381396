import type { HandlerContext, RecordOf } from '@holdfast/core'
import { Consumer, Handler } from '@holdfast/decorators'
import type { LookUp } from './look-up/look-up.ts'
import { writeLetter } from './mail/letter.ts'
import type { Mailer } from './mail/mailer.ts'
import { MailRequest } from './mail-request.ts'
import { CONCURRENCY, GROUP, TOPIC } from './names.ts'

/** Sends a mail for each request. When it throws, the request is tried again; when it returns, the offset may be committed. */
@Consumer({ groupId: GROUP, concurrency: CONCURRENCY })
export class MailSender {
  readonly #lookUp: LookUp
  readonly #mailer: Mailer

  constructor(lookUp: LookUp, mailer: Mailer) {
    this.#lookUp = lookUp
    this.#mailer = mailer
  }

  @Handler(TOPIC, { value: MailRequest })
  async send({ value: request }: RecordOf<typeof MailRequest>, { signal, logger }: HandlerContext): Promise<void> {
    const found = await this.#lookUp(request, signal)
    logger.debug({ requestId: request.id, template: request.template }, 'recipient and template found')
    await this.#mailer.send(writeLetter(request, found), signal)
    logger.debug({ requestId: request.id }, 'mail sent')
  }
}
