import type { Logger } from '../ports/logger.ts'
import { carry, uncarry } from './carry.ts'
import { LOG_LEVELS, type LogMessage } from './messages.ts'
import { pack, unpack } from './pack.ts'

type Fields = Readonly<Record<string, unknown>>
type Carried = Readonly<Record<string, ReturnType<typeof carry>>>

/** A logger in a thread; its lines are written by the consumer's logger. */
export function threadLogger(bindings: Fields, post: (message: LogMessage) => void): Logger {
  const method =
    (level: LogMessage['level']) =>
    (fields: object | string, message?: string): void =>
      post({
        holdfast: 'log',
        level,
        packed: pack([carryFields(bindings), carryFields(fieldsOf(fields))]),
        message: String(message ?? (typeof fields === 'string' ? fields : '')),
      })
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    child: (more) => threadLogger({ ...bindings, ...more }, post),
  }
}

/** As pino takes them: an error alone is the field `err`, and a text has none. */
function fieldsOf(fields: object | string): Fields {
  if (fields instanceof Error) return { err: fields }
  return typeof fields === 'string' ? {} : { ...fields }
}

/** Writes a line that came from a thread; other messages are not ours. */
export function writeLine(message: unknown, logger: Logger): void {
  if (!isLogMessage(message)) return
  const [bindings, fields] = unpack<[Carried, Carried]>(message.packed)
  logger.child(uncarryFields(bindings))[message.level](uncarryFields(fields), message.message)
}

function isLogMessage(message: unknown): message is LogMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'holdfast' in message &&
    message.holdfast === 'log' &&
    LOG_LEVELS.includes((message as LogMessage).level)
  )
}

function carryFields(fields: Fields): Carried {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, carry(value)]))
}

function uncarryFields(fields: Carried): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, uncarry(value)]))
}
