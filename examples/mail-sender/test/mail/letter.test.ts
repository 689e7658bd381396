import { describe, expect, it } from 'vitest'
import { writeLetter } from '../../src/mail/letter.ts'

const request = {
  id: '6f1c1c8e-5a3f-4d7e-9c55-3a1f0d1b2c3d',
  to: 'ann@example.com',
  template: 'receipt',
  data: { order: 'A-17', name: 'not this one' },
}
const found = { name: 'Ann', subject: 'Order {{order}}', body: 'Hello {{name}}: {{order}}' }

describe('a letter', () => {
  it('fills the template; the name is the one of the database', () => {
    expect(writeLetter(request, found)).toEqual({
      messageId: '<6f1c1c8e-5a3f-4d7e-9c55-3a1f0d1b2c3d@mail-sender.example>',
      to: { name: 'Ann', address: 'ann@example.com' },
      subject: 'Order A-17',
      text: 'Hello Ann: A-17',
    })
  })

  it('takes replacement patterns in data as they are', () => {
    expect(writeLetter({ ...request, data: { order: '$& {{name}}' } }, found).subject).toBe('Order $& {{name}}')
  })

  it.each(['unknown', 'constructor', '__proto__'])('is refused when the template asks for {{%s}}', (placeholder) => {
    expect(() => writeLetter(request, { ...found, body: `{{${placeholder}}}` })).toThrow(`{{${placeholder}}}`)
  })

  it('is refused when the database would break its headers', () => {
    expect(() => writeLetter(request, { ...found, name: 'Ann\r\nBcc: all@example.com' })).toThrow('one line')
    expect(() => writeLetter(request, { ...found, subject: 'Hi\nBcc: all@example.com' })).toThrow('one line')
  })
})
