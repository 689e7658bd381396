import fc from 'fast-check'
import { expect, test } from 'vitest'
import { claimKey, type KeyParts } from '../src/claim-key.ts'

const parts = (key: string | Uint8Array, other: Partial<KeyParts> = {}): KeyParts => ({
  groupId: 'mailer',
  namespace: 'send',
  tenant: '',
  key,
  ...other,
})

test('plain keys are read as they are', () => {
  expect(claimKey(parts('order-17@shop.example'))).toBe('mailer:send::order-17@shop.example')
})

test('group, namespace, tenant and key cannot run into each other', () => {
  const keys = [
    claimKey(parts('a:b')),
    claimKey(parts('b', { tenant: 'a' })),
    claimKey(parts('b', { tenant: 'a:' })),
    claimKey(parts('b', { namespace: 'send:a' })),
    claimKey(parts('b', { groupId: 'mailer:send', namespace: 'a' })),
    claimKey(parts('a%3ab')),
  ]
  expect(new Set(keys).size).toBe(keys.length)
})

test('any bytes make a key: NUL, what is no UTF-8, half a surrogate pair', () => {
  const keys = ['', '\0', ' ', '\ud800', '\udc00', '\ufffd', 'é', 'e\u0301'].map((key) => claimKey(parts(key)))
  const bytes = [[0xff], [0xc3], [0xc3, 0xa9, 0]].map((key) => claimKey(parts(Uint8Array.from(key))))
  expect(new Set([...keys, ...bytes]).size).toBe(11)
  for (const key of [...keys, ...bytes]) expect(key).toMatch(/^[\x21-\x7e]{1,200}$/)
})

test('a text and its UTF-8 are the same key', () => {
  expect(claimKey(parts(Buffer.from('é/17')))).toBe(claimKey(parts('é/17')))
})

test('a long key is known by its digest', () => {
  const long = 'x'.repeat(1_000_000)
  expect(claimKey(parts(long))).toMatch(/^#[\w-]{43}$/)
  expect(claimKey(parts(`${long}y`))).not.toBe(claimKey(parts(long)))
  expect(claimKey(parts(long, { tenant: 't' }))).not.toBe(claimKey(parts(long)))
  expect(claimKey(parts(claimKey(parts(long))))).not.toBe(claimKey(parts(long)))
})

test('different parts make different texts that every store takes', () => {
  const part = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.string({ unit: fc.constantFrom(':', '%', '#', 'a', '3') }),
  )
  const any = fc.record({ groupId: part, namespace: part, tenant: part, key: part })
  fc.assert(
    fc.property(any, any, (a, b) => {
      expect(claimKey(a)).toMatch(/^[\x21-\x7e]{1,200}$/)
      const isSame = (['groupId', 'namespace', 'tenant', 'key'] as const).every((name) => a[name] === b[name])
      expect(claimKey(a) === claimKey(b)).toBe(isSame)
    }),
    { numRuns: 1_000 },
  )
})
