import { setTimeout as sleep } from 'node:timers/promises'
import { type Consumer, type ConsumerEvents, on } from '@holdfast/core'
import { describe, expect, inject, test, vi } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'

const SESSION = { sessionTimeoutMs: 1_500, heartbeatIntervalMs: 200 }

/** What the ladder of deadlines did, and what became of the group, in the order in which it was told. */
function ladderOf(consumer: Consumer) {
  const told: string[] = []
  const joins: ConsumerEvents['group:joined'][] = []
  const lost: ConsumerEvents['group:lost'][] = []
  consumer.on('attempt:late', ({ partition, offset, rung }) => told.push(`${rung} ${partition}@${offset}`))
  consumer.on('partition:paused', ({ partition, causes }) => told.push(`paused ${partition} by ${causes}`))
  consumer.on('partition:resumed', ({ partition }) => told.push(`resumed ${partition}`))
  consumer.on('group:joined', (event) => joins.push(event))
  consumer.on('group:lost', (event) => lost.push(event))
  return { told, joins, lost }
}

describe('deadlines', () => {
  test('slow poison in some keys pauses their partitions before the deadline and no longer than it lasts, and nothing else', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(3)
    const ends: string[] = []
    const poison = '0@7'
    const consumer = testConsumer(cluster.brokers, {
      ...SESSION,
      groupId: topic,
      order: 'none',
      concurrency: 100,
      maxPollIntervalMs: 4_000,
      handlers: [
        on(topic, async ({ partition, offset }) => {
          const name = `${partition}@${offset}`
          await sleep(name === poison ? 3_600 : offset % 50 === 13 ? 300 : 5)
          ends.push(name)
        }),
      ],
    })
    const { told, joins, lost } = ladderOf(consumer)
    consumer.on('record:settled', ({ partition, offset }) => {
      if (`${partition}@${offset}` === poison) told.push('settled')
    })
    await cluster.produceNumbers(topic, 600, 3)
    await whileRunning(consumer, async () => {
      await until(
        'all but the poison',
        () => ends.length,
        (count) => count === 599,
      )
      expect(ends).not.toContain(poison)
      await until(
        'the pause',
        () => consumer.status().partitions[0]?.pausedBy,
        (causes) => causes?.join() === 'watchdog',
      )
      expect(consumer.status().partitions[0]?.deadline?.remaining).toBeGreaterThan(0)
      await cluster.produceNumbers(topic, 300, 3)
      await until(
        'what came later, of the other partitions',
        () => ends.filter((name) => !name.startsWith('0@')).length,
        (count) => count === 600,
      )
      await until(
        'all of the log',
        () => cluster.committed(topic, topic),
        (offsets) => offsets.join() === '300,300,300',
      )
    })
    const ladder = told.filter((line) => !line.startsWith('paused') || line.includes('watchdog'))
    // The record was admitted some moments before its attempt began.
    expect(ladder.slice(1, 3).toSorted()).toEqual([`pause ${poison}`, 'paused 0 by watchdog'])
    expect([...ladder.slice(0, 1), ...ladder.slice(3)]).toEqual([`warn ${poison}`, 'settled', 'resumed 0'])
    expect([joins.length, lost.length]).toEqual([1, 0])
  })

  test('a handler that never returns keeps its key alone; released, its partition is another member’s', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    await cluster.produceNumbers(topic, 20, 2)
    const handled: string[] = []
    let isStuck = true
    const member = (): Consumer =>
      testConsumer(cluster.brokers, {
        ...SESSION,
        groupId: topic,
        maxPollIntervalMs: 10_000,
        handlerTimeoutMs: 1_500,
        onHandlerTimeout: 'release',
        shutdownTimeoutMs: 500,
        handlers: [
          on(topic, async ({ partition, offset }) => {
            if (isStuck && partition === 1 && offset === 4) {
              isStuck = false
              await new Promise(() => undefined)
            }
            handled.push(`${partition}@${offset}`)
          }),
        ],
      })
    const [first, second] = [member(), member()]
    const { told, lost } = ladderOf(first)
    const other = ladderOf(second)
    await whileRunning(first, () =>
      whileRunning(second, async () => {
        await until(
          'all of the log',
          () => cluster.committed(topic, topic),
          (offsets) => offsets.join() === '10,10',
        )
      }),
    )
    expect(new Set(handled).size).toBe(20)
    expect([...told, ...other.told].filter((line) => line.startsWith('abort'))).toEqual(['abort 1@4'])
    expect([...lost, ...other.lost].map(({ partitions }) => partitions)).toEqual([[{ topic, partition: 1 }]])
  })

  test.each([-3_600_000, 3_600_000])(
    'a wall clock that jumps by %i ms costs neither deadline nor membership',
    async (jumpMs) => {
      await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
      const topic = await cluster.createTopic(1)
      const deadlines: number[] = []
      const consumer = testConsumer(cluster.brokers, {
        ...SESSION,
        groupId: topic,
        maxPollIntervalMs: 60_000,
        handlers: [
          on(topic, async ({ offset }, { deadline }) => {
            if (offset === 0) await sleep(2 * SESSION.sessionTimeoutMs)
            deadlines.push(deadline.getTime() - Date.now())
          }),
        ],
      })
      const { told, joins, lost } = ladderOf(consumer)
      const realNow = Date.now
      try {
        await whileRunning(consumer, async () => {
          await until(
            'the first assignment',
            () => joins.length,
            (count) => count === 1,
          )
          vi.spyOn(Date, 'now').mockImplementation(() => realNow() + jumpMs)
          await cluster.produceNumbers(topic, 10, 1)
          await until(
            'the end of the log',
            () => cluster.committed(topic, topic),
            ([offset]) => offset === 10,
          )
        })
      } finally {
        vi.restoreAllMocks()
      }
      expect([told, joins.length, lost]).toEqual([[], 1, []])
      expect(Math.max(...deadlines)).toBeLessThanOrEqual(60_000)
    },
  )
})
