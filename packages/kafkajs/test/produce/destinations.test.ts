import { expect, test } from 'vitest'
import { type Message, Partitioners, type PartitionMetadata } from '../../src/internals/kafkajs.ts'
import { Destinations } from '../../src/produce/destinations.ts'

const metadata = (count: number): PartitionMetadata[] =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [1],
    isr: [1],
  }))
const message = (fields: Partial<Message> = {}): Message => ({ value: null, ...fields })

test('a key of megabytes takes no longer than to read it', () => {
  const { choose } = new Destinations()
  const key = Buffer.alloc(8 * 1024 * 1024, 7)
  const startMs = performance.now()
  choose({ topic: 't', partitionMetadata: metadata(3), message: message({ key }) })
  expect(performance.now() - startMs).toBeLessThan(1_000)
})

test('keys of every length go where kafkajs sends them too', () => {
  const { choose } = new Destinations()
  const theirs = Partitioners.DefaultPartitioner()
  for (let length = 0; length < 40; length += 1) {
    const key = Buffer.from(Array.from({ length }, (_, index) => (index * 73 + length) % 256))
    const args = { topic: 't', partitionMetadata: metadata(97), message: message({ key }) }
    expect(choose(args)).toBe(theirs(args))
  }
})

test('a record that is sent again goes where it went, also when there are more partitions since', () => {
  const { choose } = new Destinations()
  for (const each of [message(), message({ key: Buffer.from('a') })]) {
    const first = choose({ topic: 't', partitionMetadata: metadata(3), message: each })
    for (let count = 3; count < 20; count += 1)
      expect(choose({ topic: 't', partitionMetadata: metadata(count), message: each })).toBe(first)
  }
})

test('records without a key are spread', () => {
  const { choose } = new Destinations()
  const chosen = Array.from({ length: 9 }, () =>
    choose({ topic: 't', partitionMetadata: metadata(3), message: message() }),
  )
  expect(new Set(chosen)).toEqual(new Set([0, 1, 2]))
})

test('a partition that has not acknowledged is found, and one that does not exist is refused', () => {
  const destinations = new Destinations()
  const messages = [0, 2].map((partition) => message({ partition }))
  for (const each of messages) destinations.choose({ topic: 't', partitionMetadata: metadata(3), message: each })
  expect(destinations.missing(messages, [0, 2])).toBeUndefined()
  expect(destinations.missing(messages, [0])).toBe(2)
  const elsewhere = message({ partition: 3 })
  expect(() => destinations.choose({ topic: 't', partitionMetadata: metadata(3), message: elsewhere })).toThrow(
    't has no partition 3',
  )
})
