import type { Found } from '../look-up/look-up.ts'
import { type MailRequest, OneLine } from '../mail-request.ts'
import { messageIdOf } from './message-id.ts'

/** A mail ready to be sent. */
export interface Letter {
  readonly messageId: string
  readonly to: { readonly name: string; readonly address: string }
  readonly subject: string
  readonly text: string
}

/** Fills the template. What comes from the database may not break the headers either. */
export function writeLetter(request: MailRequest, { name, subject, body }: Found): Letter {
  const values = { ...request.data, name }
  return {
    messageId: messageIdOf(request.id),
    to: { name: OneLine.parse(name), address: request.to },
    subject: OneLine.parse(fill(subject, values)),
    text: fill(body, values),
  }
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, placeholder: string) => {
    const value = Object.hasOwn(values, placeholder) ? values[placeholder] : undefined
    if (value === undefined)
      throw new Error(`the template asks for {{${placeholder}}}, which the request does not have`)
    return value
  })
}
