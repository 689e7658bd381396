import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { timeout } from '../../src/middleware/timeout.ts'
import type { RecordHeaders } from '../../src/model/record.ts'
import { json } from '../../src/pipeline/decoders.ts'
import { on } from '../../src/pipeline/handler.ts'
import type { AttemptCall, Next } from '../../src/pipeline/middleware.ts'

const value = json(z.object({ to: z.string() }))
type Mail = { to: string }
type Bytes = Buffer | null

test('types: middleware can be written for the records of a handler, or for any', () => {
  const forMail = ({ record, records, raw }: AttemptCall<Mail>, next: Next): unknown => {
    expectTypeOf(records[0]?.value).toEqualTypeOf<Mail | undefined>()
    expectTypeOf(raw[0]?.value).toEqualTypeOf<Bytes | undefined>()
    return record.value.to === '' ? undefined : next()
  }
  on('t', { value, use: [timeout(1), forMail] }, () => undefined)
  on('t', { value, use: [({ record }, next) => [expectTypeOf(record.value).toBeAny(), next()]] }, () => undefined)
})

test('types: middleware does not keep the handler from learning what its decoders make', () => {
  const Inline = z.object({ to: z.string() })
  on('t', { value: json(Inline), use: [timeout(1)] }, (record) => expectTypeOf(record.value).toEqualTypeOf<Mail>())
  on('t', { value: json(Inline), use: [(_call, next) => next()] }, (record) => record.value.to)
  on('t', { use: [timeout(1)] }, ({ value, key, headers }) => {
    expectTypeOf(value).toEqualTypeOf<Bytes>()
    expectTypeOf(key).toEqualTypeOf<Bytes>()
    expectTypeOf(headers).toEqualTypeOf<RecordHeaders>()
  })
  on('t', { batch: true, value: json(Inline), use: [timeout(1)] }, ([first]) => first?.value.to)
})

test('types: what is no middleware is refused', () => {
  const number = 1
  // @ts-expect-error a number is no function
  const refused = () => on('t', { use: [number] }, () => undefined)
  expectTypeOf(refused).toBeFunction()
})
