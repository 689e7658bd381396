import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  type ConsumerSubscription,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../src/assignors/consumer-protocol.ts'
import { InternalFault } from '../../src/internals/fault.ts'
import { AssignerProtocol } from '../../src/internals/kafkajs.ts'
import { name, partitionsOf } from './group.ts'

/** Bytes as the schema has them, field by field. */
function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')
}

const TOPICS_T0 = '00000001 00027430'
const OWNED_T0_0 = '00000001 00027430 00000001 00000000'
const nothingMore = { userData: null, ownedPartitions: [], generationId: -1, rackId: null }
const full: ConsumerSubscription = {
  topics: ['t0'],
  userData: bytes('00000005'),
  ownedPartitions: partitionsOf({ t0: [0] }),
  generationId: 5,
  rackId: 'r1',
}

describe('subscriptions', () => {
  test.each([
    ['of version 0', `0000 ${TOPICS_T0} ffffffff`, { ...nothingMore, topics: ['t0'] }],
    [
      'of version 1',
      `0001 ${TOPICS_T0} ffffffff ${OWNED_T0_0}`,
      { ...nothingMore, topics: ['t0'], ownedPartitions: full.ownedPartitions },
    ],
    ['of version 2', `0002 ${TOPICS_T0} 00000004 00000005 ${OWNED_T0_0} 00000005`, { ...full, rackId: null }],
    ['of version 3', `0003 ${TOPICS_T0} 00000004 00000005 ${OWNED_T0_0} 00000005 00027231`, full],
    [
      'of version 3 without a rack',
      `0003 ${TOPICS_T0} 00000004 00000005 ${OWNED_T0_0} 00000005 ffff`,
      { ...full, rackId: null },
    ],
    [
      'of a later version, with more at the end',
      `0063 ${TOPICS_T0} 00000004 00000005 ${OWNED_T0_0} 00000005 00027231 00112233`,
      full,
    ],
    ['with nothing in it', '0000 00000000 00000000', { ...nothingMore, topics: [], userData: Buffer.alloc(0) }],
  ])('%s are read', (_, hex, expected) => {
    expect(decodeSubscription(bytes(hex))).toEqual(expected)
  })

  it('are written in version 3, sorted', () => {
    expect(encodeSubscription(full).toString('hex')).toBe(
      bytes(`0003 ${TOPICS_T0} 00000004 00000005 ${OWNED_T0_0} 00000005 00027231`).toString('hex'),
    )
    const unsorted = { ...nothingMore, topics: ['t1', 't0'], ownedPartitions: partitionsOf({ t1: [2, 0], t0: [1] }) }
    expect(encodeSubscription(unsorted).toString('hex')).toBe(
      bytes(`0003 00000002 00027430 00027431 ffffffff
        00000002 00027430 00000001 00000001 00027431 00000002 00000000 00000002 ffffffff ffff`).toString('hex'),
    )
  })

  it('are read by a client of version 0', () => {
    expect(AssignerProtocol.MemberMetadata.decode(encodeSubscription(full))).toEqual({
      version: 3,
      topics: ['t0'],
      userData: full.userData,
    })
  })

  it('come back as they were', () => {
    fc.assert(
      fc.property(subscriptions, (subscription) => {
        expect(decodeSubscription(encodeSubscription(subscription))).toEqual({
          ...subscription,
          topics: subscription.topics.toSorted(),
          ownedPartitions: sorted(subscription.ownedPartitions),
        })
      }),
    )
  })
})

describe('assignments', () => {
  const hex = '00000001 00027430 00000002 00000000 00000001 ffffffff'
  const expected = { partitions: partitionsOf({ t0: [0, 1] }), userData: null }

  test.each([
    ['of version 0', `0000 ${hex}`, expected],
    ['of version 3', `0003 ${hex}`, expected],
    ['of a later version, with more at the end', `0063 ${hex} 00112233`, expected],
    ['without a byte', '', { partitions: [], userData: null }],
  ])('%s are read', (_, given, wanted) => {
    expect(decodeAssignment(bytes(given))).toEqual(wanted)
  })

  it('are written in version 0, which kafkajs reads', () => {
    const written = encodeAssignment(expected)
    expect(written.toString('hex')).toBe(bytes(`0000 ${hex}`).toString('hex'))
    expect(AssignerProtocol.MemberAssignment.decode(written)?.assignment).toEqual({ t0: [0, 1] })
  })

  it('come back as they were', () => {
    fc.assert(
      fc.property(partitions, userData, (list, data) => {
        const read = decodeAssignment(encodeAssignment({ partitions: list, userData: data }))
        expect(read).toEqual({ partitions: sorted(list), userData: data })
      }),
    )
  })
})

describe('hostile bytes', () => {
  test.each([
    ['nothing', '', 'subscription: version needs 2 bytes and has 0 (byte 0)'],
    ['a negative version', 'ffff 00000000', 'consumer protocol: there is no version -1'],
    ['topics without an end', '0003 00000002 00027430', 'subscription: topics needs 2 bytes and has 0 (byte 10)'],
    ['a topic that is cut off', '0003 00000001 00057430', 'subscription: topics needs 5 bytes and has 2 (byte 8)'],
    ['a topic that is null', '0003 00000001 ffff', 'subscription: topics is null (byte 8)'],
    ['a topic of negative length', '0003 00000001 8000', 'subscription: topics has the length -32768 (byte 8)'],
    [
      'a negative number of topics',
      '0003 ffffffff',
      'subscription: topics claims -1 entries with 0 bytes left (byte 6)',
    ],
    [
      'an absurd number of topics',
      '0003 7fffffff 0000',
      'subscription: topics claims 2147483647 entries with 2 bytes left (byte 6)',
    ],
  ])('as a subscription: %s is refused', (_, hex, message) => {
    expect(() => decodeSubscription(bytes(hex))).toThrow(new InternalFault('HF_PROTOCOL', message))
  })

  test.each([
    ['user data that is cut off', `0003 ${TOPICS_T0} 00000009 00`],
    ['user data of negative length', `0003 ${TOPICS_T0} fffffff0`],
    ['no user data', `0003 ${TOPICS_T0}`],
    ['an absurd number of owned topics', `0003 ${TOPICS_T0} ffffffff 7fffffff`],
    ['an absurd number of owned partitions', `0003 ${TOPICS_T0} ffffffff 00000001 00027430 7fffffff 00000000`],
    ['owned partitions without a generation', `0003 ${TOPICS_T0} ffffffff ${OWNED_T0_0}`],
    ['a rack that is cut off', `0003 ${TOPICS_T0} ffffffff ${OWNED_T0_0} 00000005 0005 72`],
  ])('behind the topics: %s claims nothing', (_, hex) => {
    expect(decodeSubscription(bytes(hex))).toEqual({ ...nothingMore, topics: ['t0'] })
  })

  test.each([
    [
      'cut off',
      '0000 00000001 00027430 00000002 00000000',
      'assignment: partitions claims 2 entries with 4 bytes left (byte 14)',
    ],
    ['without user data', '0000 00000000', 'assignment: userData needs 4 bytes and has 0 (byte 6)'],
  ])('as an assignment: %s is refused', (_, hex, message) => {
    expect(() => decodeAssignment(bytes(hex))).toThrow(new InternalFault('HF_PROTOCOL', message))
  })

  it('of any kind are read or refused, never more', () => {
    const mangled = fc.tuple(subscriptions, fc.nat(), fc.nat({ max: 255 })).map(([subscription, at, byte]) => {
      const written = Buffer.from(encodeSubscription(subscription))
      written[at % written.length] = byte
      return written
    })
    const cutOff = fc
      .tuple(subscriptions, fc.nat())
      .map(([subscription, at]) => encodeSubscription(subscription).subarray(0, at % 40))
    const noise = fc.uint8Array({ maxLength: 60 }).map((list) => Buffer.from(list))
    fc.assert(
      fc.property(fc.oneof(mangled, cutOff, noise), (given) => {
        for (const decode of [decodeSubscription, decodeAssignment]) {
          try {
            decode(given)
          } catch (error) {
            expect(error).toBeInstanceOf(InternalFault)
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

const partitions = fc.uniqueArray(
  fc.record({
    topic: fc.string({ unit: 'binary', maxLength: 6 }),
    partition: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  }),
  { maxLength: 20, selector: name },
)
const userData = fc.option(fc.uint8Array({ maxLength: 300 }).map((list) => Buffer.from(list)))
const subscriptions: fc.Arbitrary<ConsumerSubscription> = fc.record({
  topics: fc.array(fc.string({ unit: 'binary', maxLength: 6 })),
  userData,
  ownedPartitions: partitions,
  generationId: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  rackId: fc.option(fc.string({ unit: 'binary' })),
})

function sorted(list: ConsumerSubscription['ownedPartitions']): ConsumerSubscription['ownedPartitions'] {
  const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)
  return list.toSorted((a, b) => compare(a.topic, b.topic) || a.partition - b.partition)
}
