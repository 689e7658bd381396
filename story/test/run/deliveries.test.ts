import { expect, test } from 'vitest'
import { Deliveries } from '../../src/run/deliveries.ts'

test('a mail counts once, and each one more for the same request is a duplicate', () => {
  const deliveries = new Deliveries()
  deliveries.note(1, 10)
  deliveries.note(2, 20)
  deliveries.note(1, 30)
  deliveries.note(1, 40)
  expect(deliveries).toMatchObject({ distinct: 2, duplicates: 2, lastNewMs: 20 })
})
