import { expect, it } from 'vitest'
import { Deliveries } from '../../src/demo/deliveries.ts'

it('counts requests once, repeats as duplicates, and nothing that was not requested', () => {
  const deliveries = new Deliveries(['<a>', '<b>', '<c>'])
  for (const messageId of ['<a>', '<b>', '<a>', '<a>', '<other>', '<other>', '']) deliveries.record(messageId)
  expect(deliveries).toMatchObject({ delivered: 2, duplicates: 2 })
})
