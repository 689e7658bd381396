import { expect, test } from 'vitest'
import { decodeEntry } from '../../src/group-log/decode-entry.ts'

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])

const commitKey = Buffer.concat([int16(1), text('grüppe'), text('mail.requested'), int32(4)])
const commitValue = Buffer.concat([int16(3), int64(1_234n), int32(-1), text('')])
const generationKey = Buffer.concat([int16(2), text('grüppe')])
const generationValue = (type: Buffer): Buffer => Buffer.concat([int16(3), type, int32(7), text('range')])

test('a commit names its group, partition and offset', () => {
  expect(decodeEntry(commitKey, commitValue)).toEqual({
    type: 'commit',
    groupId: 'grüppe',
    topic: 'mail.requested',
    partition: 4,
    offset: 1_234,
  })
})

test.each([
  ['of members', text('consumer')],
  ['without a type of protocol', int16(-1)],
])('a generation %s names its number', (_, type) => {
  expect(decodeEntry(generationKey, generationValue(type))).toEqual({
    type: 'generation',
    groupId: 'grüppe',
    generation: 7,
  })
})

test('what is removed, or about something else, is nothing', () => {
  expect(decodeEntry(commitKey, null)).toBeUndefined()
  expect(decodeEntry(null, commitValue)).toBeUndefined()
  expect(decodeEntry(Buffer.concat([int16(3), text('grüppe')]), Buffer.alloc(8))).toBeUndefined()
})
