import { describe, expect, it } from 'vitest'
import { MailRequest } from '../src/mail-request.ts'

const request = { id: '6f1c1c8e-5a3f-4d7e-9c55-3a1f0d1b2c3d', to: 'ann@example.com', template: 'welcome' }

describe('a mail request', () => {
  it('needs no data', () => {
    expect(MailRequest.parse(request)).toEqual({ ...request, data: {} })
  })

  it.each([
    ['a line break in the template', { template: 'welcome\r\nBcc: all@example.com' }],
    ['a bare line feed in the address', { to: 'ann@example.com\nBcc: all@example.com' }],
    ['a line break in data', { data: { order: 'A\r\n\r\nanother body' } }],
    ['a Unicode line separator in data', { data: { order: 'A\u2028B' } }],
    ['a null character in data', { data: { order: 'A\0B' } }],
    ['a line break in the name of a datum', { data: { 'a\nb': 'A' } }],
    ['two addresses', { to: 'ann@example.com, bob@example.com' }],
    ['an address with a name', { to: 'Ann <ann@example.com>' }],
    ['no address', { to: '' }],
    ['an empty template', { template: '' }],
    ['an id that is no UUID', { id: '17' }],
    ['a text without end', { data: { order: 'A'.repeat(201) } }],
  ])('is refused with %s', (_, change) => {
    expect(MailRequest.safeParse({ ...request, ...change }).success).toBe(false)
  })
})
