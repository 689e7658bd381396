import { z } from 'zod'

/** What a mail's headers may hold: a line break would let the writer of a request add headers of his own. */
export const OneLine = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'must be one line without control characters')

/** The value of a record of `mail.requested`. */
export const MailRequest = z.object({
  /** The same request has the same id, however often it is delivered. */
  id: z.uuid(),
  to: z.email().max(254),
  /** The name of a template in the database. */
  template: OneLine.min(1),
  /** What the template's `{{placeholders}}` stand for, beside `{{name}}`. */
  data: z.record(z.string().regex(/^\w{1,50}$/), OneLine).default({}),
})

export type MailRequest = z.infer<typeof MailRequest>
