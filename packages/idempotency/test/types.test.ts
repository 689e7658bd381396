import { type ConsumerRecord, on } from '@holdfast/core'
import { expectTypeOf, test } from 'vitest'
import { claimOf, idempotent } from '../src/index.ts'
import { memoryStore } from '../src/memory/memory-store.ts'

const store = memoryStore()

test('functions of the options see the record that they are written for', () => {
  const once = idempotent<{ id: string }>({
    store,
    key: (record) => {
      expectTypeOf(record).toEqualTypeOf<ConsumerRecord<{ id: string }, unknown, unknown>>()
      return record.value.id
    },
    tenant: ({ value }) => value.id,
    fingerprint: ({ value }) => value.id,
  })
  on('t', { value: (bytes) => ({ id: String(bytes) }), use: [once] }, (record) => {
    expectTypeOf(record.value).toEqualTypeOf<{ id: string }>()
    expectTypeOf(claimOf(record)?.token).toEqualTypeOf<number | undefined>()
  })
  const refused = (): unknown[] => [
    // @ts-expect-error a number is no key
    idempotent<{ n: number }>({ store, key: ({ value }) => value.n }),
    // @ts-expect-error there is no such source
    idempotent({ store, key: 'value' }),
  ]
  expectTypeOf(refused).toBeFunction()
})
