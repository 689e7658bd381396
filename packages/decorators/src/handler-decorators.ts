import {
  type BatchHandler as BatchMethod,
  type Decoder,
  on,
  type RecordHandler,
  type RecordHeaders,
  type TopicPattern,
} from '@holdfast/core'
import { type HandlerDecorator, registerMethod } from './handler-method.ts'
import { coreOptions, type Decoded, type HandlerParts, type Part, type Schema } from './handler-parts.ts'
import { refusal, shown } from './refuse.ts'

type Topics = TopicPattern | readonly TopicPattern[]
type Bytes = Decoder<Buffer | null>
type Headers = Schema<RecordHeaders>

/**
 * The method handles each record of the topics, as `on(topics, options, handler)` does:
 * `(record: ConsumerRecord<Value, Key, Headers>, context: HandlerContext) => unknown`. A method whose record does not
 * fit the schema does not compile. A subclass that overrides the method runs its own; it may decorate it anew.
 * @throws HF_OPTION_INVALID on a static or private method, or when an option is not allowed
 */
export function Handler<Value extends Part = Bytes, Key extends Part = Bytes, Head extends Schema = Headers>(
  topics: Topics,
  parts: HandlerParts<Value, Key, Head> = {},
): HandlerDecorator<RecordHandler<Decoded<Value>, Decoded<Key>, Decoded<Head>>> {
  checkTopics('@Handler', topics)
  const options = coreOptions('@Handler', parts)
  return registerMethod('@Handler', (handle) => on(topics, { ...options, batch: false }, handle))
}

/**
 * As `@Handler`, for up to `maxBatchRecords` records of one partition at a time:
 * `(records: readonly ConsumerRecord<Value, Key, Headers>[], context: BatchHandlerContext) => unknown`.
 * @throws HF_OPTION_INVALID on a static or private method, or when an option is not allowed
 */
export function BatchHandler<Value extends Part = Bytes, Key extends Part = Bytes, Head extends Schema = Headers>(
  topics: Topics,
  parts: HandlerParts<Value, Key, Head> = {},
): HandlerDecorator<BatchMethod<Decoded<Value>, Decoded<Key>, Decoded<Head>>> {
  const decorator = '@BatchHandler'
  checkTopics(decorator, topics)
  const options = coreOptions(decorator, parts)
  return registerMethod(decorator, (handle) => on(topics, { ...options, batch: true }, handle))
}

function checkTopics(decorator: string, topics: unknown): void {
  const isPattern = (topic: unknown): boolean => typeof topic === 'string' || topic instanceof RegExp
  if (Array.isArray(topics) ? topics.length > 0 && topics.every(isPattern) : isPattern(topics)) return
  throw refusal(
    'HF_OPTION_INVALID',
    `${decorator} takes a topic, or a list of them, and not ${Array.isArray(topics) ? 'this list' : shown(topics)}`,
    `write ${decorator}('topic') or ${decorator}(['one', /^others[.]/])`,
  )
}
