import { describe, expect, it, test } from 'vitest'
import {
  readCooperativeClaim,
  readStickyClaim,
  writeCooperativeUserData,
  writeStickyUserData,
} from '../../src/assignors/claims-on-wire.ts'
import { partitionsOf } from './group.ts'

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

function subscription(
  userData: string | null,
  fields: { owned?: Record<string, number[]>; generationId?: number } = {},
) {
  const { owned = {}, generationId = -1 } = fields
  return {
    topics: ['t0'],
    userData: userData === null ? null : bytes(userData),
    ownedPartitions: partitionsOf(owned),
    generationId,
    rackId: null,
  }
}

const OWNED = '00000002 00027430 00000002 00000000 00000001 00027431 00000001 00000000'
const owned = partitionsOf({ t0: [0, 1], t1: [0] })

describe('user data of sticky', () => {
  it('is as Java writes it, and absent before the first assignment', () => {
    expect(writeStickyUserData({ owned, generationId: 5 })).toEqual(bytes(`${OWNED} 00000005`))
    expect(writeStickyUserData({ owned: [], generationId: 5 })).toEqual(bytes('00000000 00000005'))
    expect(writeStickyUserData({ owned: [], generationId: -1 })).toBeNull()
  })

  test.each([
    ['claims what it lists', subscription(`${OWNED} 00000005`), { owned, generationId: 5 }],
    ['may lack the generation, as it once did', subscription(OWNED), { owned, generationId: -1 }],
    [
      'gives way to fields of a later generation',
      subscription(`${OWNED} 00000005`, { owned: { t0: [7] }, generationId: 6 }),
      { owned: partitionsOf({ t0: [7] }), generationId: 6 },
    ],
    [
      'counts against fields of its own generation',
      subscription(`${OWNED} 00000005`, { generationId: 5 }),
      { owned, generationId: 5 },
    ],
    [
      'may be absent',
      subscription(null, { owned: { t0: [7] } }),
      { owned: partitionsOf({ t0: [7] }), generationId: -1 },
    ],
    [
      'may be empty',
      subscription('', { owned: { t0: [7] }, generationId: 2 }),
      { owned: partitionsOf({ t0: [7] }), generationId: 2 },
    ],
    [
      'claims nothing when it is cut off',
      subscription('00000002 00027430 00000002 00000000'),
      { owned: [], generationId: -1 },
    ],
    ['claims nothing when its counts are absurd', subscription('7fffffff'), { owned: [], generationId: -1 }],
    ['claims nothing when it is of another assignor', subscription('00000005'), { owned: [], generationId: -1 }],
  ])('%s', (_, given, expected) => {
    expect(readStickyClaim(given)).toEqual(expected)
  })
})

describe('user data of cooperative-sticky', () => {
  it('is the generation, also before the first assignment', () => {
    expect(writeCooperativeUserData({ owned, generationId: 5 })).toEqual(bytes('00000005'))
    expect(writeCooperativeUserData({ owned: [], generationId: -1 })).toEqual(bytes('ffffffff'))
  })

  test.each([
    ['counts where the field is missing', subscription('00000004', { owned: { t0: [7] } }), 4],
    ['gives way to the field', subscription('00000009', { owned: { t0: [7] }, generationId: 5 }), 5],
    ['may be absent', subscription(null, { owned: { t0: [7] } }), -1],
    ['may be cut off', subscription('0000', { owned: { t0: [7] } }), -1],
  ])('%s', (_, given, generationId) => {
    expect(readCooperativeClaim(given)).toEqual({ owned: partitionsOf({ t0: [7] }), generationId })
  })
})
