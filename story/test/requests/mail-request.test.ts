import { expect, test } from 'vitest'
import { drawRequests, readRequest, writeRequest } from '../../src/requests/mail-request.ts'

test('a seed draws the same look-ups every time, of one to two seconds', () => {
  const requests = drawRequests(1_000, 3)
  expect(requests).toEqual(drawRequests(1_000, 3))
  expect(requests).not.toEqual(drawRequests(1_000, 4))
  const times = requests.map(({ lookUpMs }) => lookUpMs)
  expect(Math.min(...times)).toBeGreaterThanOrEqual(1_000)
  expect(Math.max(...times)).toBeLessThanOrEqual(2_000)
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(900)
})

test('a request is read as it was written', () => {
  const request = { id: 4, lookUpMs: 1_234 }
  expect(readRequest(Buffer.from(writeRequest(request)))).toEqual(request)
})
