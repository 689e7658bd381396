// Compiled, never run. Each wrong use is expected to be an error, in both decorator modes.
import {
  bytes,
  type ConsumerRecord,
  type HandlerContext,
  json,
  type RecordHeaders,
  type RecordOf,
  string,
} from '@holdfast/core'
import { BatchHandler, Consumer, Handler } from '@holdfast/decorators'
import { z } from 'zod'

const Mail = z.object({ id: z.string(), at: z.string().transform((text) => new Date(text)) })
const Trace = z.object({ trace: z.string() })

/** As the schemas of arktype are: a function that is a Standard Schema too. */
declare const Callable: ((data: unknown) => 'not the output') & {
  readonly '~standard': (typeof Mail)['~standard']
}

@Consumer({ groupId: 'right' })
export class Right {
  @Handler('mail', { value: Mail })
  schema(record: RecordOf<typeof Mail>, context: HandlerContext): Date {
    context.logger.info({}, record.value.id)
    return record.value.at
  }

  @Handler('mail', { value: json(Mail) })
  async decoder(record: RecordOf<typeof Mail>): Promise<void> {
    await Promise.resolve(record)
  }

  @Handler(['mail', /^mail[.]/], { value: Mail, key: string(z.string()), headers: Trace })
  everyPart(record: ConsumerRecord<z.output<typeof Mail>, string, { trace: string }>): void {
    void record
  }

  @Handler('mail', { value: (raw) => Promise.resolve(raw?.length ?? 0) })
  ownDecoder(record: ConsumerRecord<number>): void {
    void record
  }

  @Handler('mail', { value: Callable })
  callableSchema(record: RecordOf<typeof Mail>): void {
    void record
  }

  @Handler('mail', { value: Mail })
  wider(record: { readonly value: { readonly id: string } }): void {
    void record
  }

  @Handler('mail', { key: bytes() })
  raw(record: ConsumerRecord<Buffer | null, Buffer | null, RecordHeaders>): void {
    void record
  }

  @Handler('mail', { value: Mail })
  nothing(): void {}

  @Handler('mail')
  private hidden(record: ConsumerRecord): void {
    void record
  }

  @BatchHandler('mail', { value: Mail })
  batch(records: readonly RecordOf<typeof Mail>[], context: HandlerContext): void {
    void [records, context, this.hidden]
  }
}

@Consumer({ groupId: 'wrong' })
export class Wrong {
  // @ts-expect-error the schema's output has no `to`
  @Handler('mail', { value: Mail })
  otherShape(record: ConsumerRecord<{ to: string }>): void {
    void record
  }

  // @ts-expect-error `at` is a Date after the schema; its input was a string
  @Handler('mail', { value: Mail })
  input(record: ConsumerRecord<z.input<typeof Mail>>): void {
    void record
  }

  // @ts-expect-error the same with the decoder written out
  @Handler('mail', { value: json(Mail) })
  decoderInput(record: ConsumerRecord<z.input<typeof Mail>>): void {
    void record
  }

  // @ts-expect-error without a decoder the value is bytes
  @Handler('mail')
  undecoded(record: RecordOf<typeof Mail>): void {
    void record
  }

  // @ts-expect-error json() without a schema promises nothing about the value
  @Handler('mail', { value: json() })
  unchecked(record: RecordOf<typeof Mail>): void {
    void record
  }

  // @ts-expect-error a key may be null
  @Handler('mail', { value: Mail, key: string() })
  nullableKey(record: ConsumerRecord<z.output<typeof Mail>, string>): void {
    void record
  }

  // @ts-expect-error the headers are those of the schema
  @Handler('mail', { headers: Trace })
  otherHeaders(record: ConsumerRecord<Buffer | null, Buffer | null, { span: string }>): void {
    void record
  }

  // @ts-expect-error a schema that is also a function counts as a schema
  @Handler('mail', { value: Callable })
  callableSchema(record: ConsumerRecord<'not the output'>): void {
    void record
  }

  // @ts-expect-error @Handler hands over one record
  @Handler('mail', { value: Mail })
  many(records: readonly RecordOf<typeof Mail>[]): void {
    void records
  }

  // @ts-expect-error @BatchHandler hands over many
  @BatchHandler('mail', { value: Mail })
  one(record: RecordOf<typeof Mail>): void {
    void record
  }

  // @ts-expect-error the records of a batch are typed too
  @BatchHandler('mail', { value: Mail })
  otherBatch(records: readonly ConsumerRecord<{ to: string }>[]): void {
    void records
  }

  // @ts-expect-error the list is not the handler's to change
  @BatchHandler('mail', { value: Mail })
  mutable(records: RecordOf<typeof Mail>[]): void {
    void records
  }

  // @ts-expect-error the second argument is the context
  @Handler('mail')
  context(record: ConsumerRecord, context: { readonly request: string }): void {
    void [record, context]
  }

  // @ts-expect-error there is no third argument
  @Handler('mail')
  third(record: ConsumerRecord, context: HandlerContext, third: number): void {
    void [record, context, third]
  }

  // @ts-expect-error a decoder or a schema
  @Handler('mail', { value: 5 })
  number(): void {}

  // @ts-expect-error the decorator says whether it is a batch
  @Handler('mail', { batch: true })
  batch(): void {}

  // @ts-expect-error a handler is a method
  @Handler('mail')
  field: (record: ConsumerRecord) => void = () => undefined
}
