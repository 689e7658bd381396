import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { HoldfastError } from '../../src/errors/holdfast-error.ts'
import { on } from '../../src/pipeline/handler.ts'
import { readDeadLetter } from '../../src/pipeline/read-dead-letter.ts'
import type { PartitionAssignmentStrategy } from '../../src/ports/driver.ts'
import { ON } from '../support/copy-scene.ts'
import { type Rig, rig } from '../support/harness.ts'

const DEAD = 't.dead'
const PARTITIONS = 2
const KEYS = 5
const UNREACHABLE = new HoldfastError('HF_BROKER_UNREACHABLE', 'no broker answers.')
const TOO_LARGE = new HoldfastError('HF_RECORD_TOO_LARGE', 'too large.')

type Action =
  | { readonly type: 'produce'; readonly count: number; readonly damaged: number }
  | { readonly type: 'pass'; readonly ms: number }
  | { readonly type: 'fail'; readonly step: 'begin' | 'send' | 'offsets' | 'commit'; readonly stored: boolean }
  | { readonly type: 'refuse'; readonly topic: typeof DEAD | 'out' }
  | { readonly type: 'narrow'; readonly maxBytes: number }
  | { readonly type: 'take' | 'kill' | 'lose' | 'expire' | 'stop' | 'join' }

const ACTION: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    type: fc.constant('produce' as const),
    count: fc.integer({ min: 1, max: 30 }),
    damaged: fc.constantFrom(0, 0, 0, 1, 3),
  }),
  fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(10, 100, 150, 1_000, 5_000) }),
  fc.record({
    type: fc.constant('fail' as const),
    step: fc.constantFrom('begin' as const, 'send' as const, 'offsets' as const, 'commit' as const),
    stored: fc.boolean(),
  }),
  fc.record({ type: fc.constant('refuse' as const), topic: fc.constantFrom(DEAD, 'out' as const) }),
  fc.record({ type: fc.constant('narrow' as const), maxBytes: fc.constantFrom(10, 700, 2_000) }),
  fc.record({ type: fc.constantFrom('take', 'kill', 'lose', 'expire', 'stop', 'join' as const) }),
)

const isPoison = (number: number): boolean => number % 7 === 3

interface Played {
  readonly order: 'key' | 'partition'
  readonly strategy: PartitionAssignmentStrategy
}

/** Copies what is no poison; some of it takes time. */
function world({ order, strategy }: Played) {
  const broker = fakeBroker()
  broker.createTopic('t', PARTITIONS)
  broker.createTopic('out')
  broker.createTopic(DEAD)
  const members: Rig[] = []
  let clock: Rig['clock'] | undefined
  let produced = 0
  const handler = on('t', async ({ key, value }, { produce }) => {
    const number = Number.parseInt(String(value), 10)
    if (number % 5 === 0) await new Promise<void>((resolve) => clock?.setTimer(resolve, 50))
    produce({ topic: 'out', key, value })
    if (isPoison(number)) throw new Error('no')
  })
  const join = (): void => {
    const failing = { maxAttempts: 1, retryBackoffMs: 50, retryBackoffMaxMs: 200, deadLetterTopic: DEAD }
    const options = { ...ON, ...failing, order, partitionAssignmentStrategy: [strategy], handlers: [handler] }
    const made = rig({ driver: broker.driver(), groupId: 'g', ...options }, clock)
    clock ??= made.clock
    members.push(made)
    made.start()
  }
  join()
  const time = clock as unknown as Rig['clock']
  const pass = async (ms: number): Promise<void> => {
    await time.advance(ms)
    await time.settle()
  }
  /** The first offsets of ranges that cannot be decoded, and all that are in such a range. */
  const [ranges, damaged] = [new Set<string>(), new Set<string>()]
  const damage = (partition: number, count: number): void => {
    const lastOffset = broker.logEnd('t', partition) - 1
    const firstOffset = lastOffset - count + 1
    broker.damage('t', partition, { firstOffset, lastOffset })
    ranges.add(`${partition}@${firstOffset}`)
    for (let offset = firstOffset; offset <= lastOffset; offset += 1) damaged.add(`${partition}@${offset}`)
  }
  const produce = (count: number, damagedCount: number): void => {
    const ends = [broker.logEnd('t', 0), broker.logEnd('t', 1)]
    const records = Array.from({ length: count }, (_, index) => {
      const number = produced + index
      return { key: `k${number % KEYS}`, value: `${number} ${'x'.repeat(number % 3 === 0 ? 1_500 : 0)}` }
    })
    broker.produce('t', records)
    produced += count
    const partition = ends.findIndex((end, index) => broker.logEnd('t', index) - end >= damagedCount)
    if (damagedCount > 0 && partition >= 0) damage(partition, damagedCount)
  }
  return { broker, members, join, pass, produce, ranges, damaged }
}

type World = ReturnType<typeof world>

async function act(action: Action, { broker, members, join, pass, produce }: World): Promise<void> {
  switch (action.type) {
    case 'produce':
      return produce(action.count, action.damaged)
    case 'pass':
      return pass(action.ms)
    case 'fail':
      return broker.failTransactions(action)
    case 'refuse':
      return broker.refuseOutputs(action.topic, { error: UNREACHABLE })
    case 'narrow':
      return broker.refuseOutputs(DEAD, { error: TOO_LARGE, maxBytes: action.maxBytes })
    case 'take':
      for (const topic of [DEAD, 'out']) broker.refuseOutputs(topic)
      return
    case 'join':
      if (members.length < 3) join()
      return pass(0)
    case 'stop': {
      const [first] = members.splice(0, 1)
      const stopping = first?.consumer.stop()
      let isStopped = stopping === undefined
      void stopping?.then(() => {
        isStopped = true
      })
      join()
      // A drain waits five seconds for what cannot be committed, and two may follow one another.
      for (let round = 0; round < 60 && !isStopped; round += 1) await pass(1_000)
      expect(isStopped).toBe(true)
      return
    }
    default:
      await pass(0)
      if (broker.assignments('g').length === 0) return
      broker[action.type]({ groupId: 'g' })
      if (action.type === 'kill') join()
      return pass(0)
  }
}

const sourceOf = (record: Parameters<typeof readDeadLetter>[0]): string => {
  const source = readDeadLetter(record)?.source
  return `${source?.partition}@${source?.offset}`
}

/** No offset is committed without what follows from it, and nothing is there twice. */
function check({ broker, ranges, damaged }: World): void {
  const letters = broker.records(DEAD).map(sourceOf)
  const copies = broker.records('out').map(({ value }) => String(value))
  expect(new Set(letters).size).toBe(letters.length)
  expect(new Set(copies).size).toBe(copies.length)
  const [isLettered, isCopied] = [new Set(letters), new Set(copies)]
  for (const { partition, offset, value } of broker.records('t')) {
    if (offset >= broker.committed('t', partition, 'g')) continue
    const [name, text] = [`${partition}@${offset}`, String(value)]
    if (ranges.has(name)) expect(isLettered).toContain(name)
    if (damaged.has(name)) continue
    if (isPoison(Number.parseInt(text, 10))) expect(isLettered).toContain(name)
    else expect(isCopied).toContain(text)
  }
}

/** The copies of each key, in the order of their numbers. */
function checkOrder({ broker }: World): void {
  const last = new Map<string, number>()
  for (const { key, value } of broker.records('out')) {
    const number = Number.parseInt(String(value), 10)
    expect(number).toBeGreaterThan(last.get(String(key)) ?? -1)
    last.set(String(key), number)
  }
}

test.each<Played>([
  { order: 'key', strategy: 'cooperative-sticky' },
  { order: 'partition', strategy: 'range' },
])(
  'whatever happens, each record is copied once and in order, or has one letter: order $order, $strategy',
  async (setting) => {
    await fc.assert(
      fc.asyncProperty(fc.array(ACTION, { maxLength: 25 }), async (actions) => {
        const played = world(setting)
        await played.pass(0)
        for (const action of actions) {
          await act(action, played)
          check(played)
        }
        await act({ type: 'take' }, played)
        for (let round = 0; round < 40; round += 1) await played.pass(1_000)
        check(played)
        checkOrder(played)
        const ends = Array.from({ length: PARTITIONS }, (_, partition) => played.broker.logEnd('t', partition))
        expect(ends.map((_, partition) => Math.max(0, played.broker.committed('t', partition, 'g')))).toEqual(ends)
        const { ranges, damaged } = played
        const expected = ends.reduce((sum, end) => sum + end, ranges.size - damaged.size)
        expect(played.broker.records(DEAD).length + played.broker.records('out').length).toBe(expected)
      }),
      { numRuns: 60 },
    )
  },
  60_000,
)
