import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CommitRequest, on } from '@holdfast/core'
import { describe, expect, inject, test } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { testConsumer, whileRunning } from '../support/test-consumer.ts'
import { until } from '../support/until.ts'
import { readEffects, Worker } from '../support/worker.ts'

describe('work of an ended epoch', () => {
  test('a member that slept through its session commits nothing, and its records run at the next owner', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 200, 1)
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-zombie-'))
    const effects = join(folder, 'effects')
    const settings = {
      brokers: cluster.brokers,
      topic,
      groupId: topic,
      effects,
      delivery: 'at-least-once' as const,
      order: 'partition' as const,
    }
    const zombie = new Worker({ ...settings, handlerMs: 10 })
    await until(
      'effects',
      () => readEffects(effects).length,
      (count) => count > 20,
    )
    zombie.process.kill('SIGSTOP')
    const heir = testConsumer(cluster.brokers, {
      groupId: topic,
      commitInterval: { records: 10, ms: 50 },
      handlers: [on(topic, () => undefined)],
    })
    try {
      await whileRunning(heir, async () => {
        await until(
          'the end of the log',
          () => cluster.committed(topic, topic),
          ([offset]) => offset === 200,
        )
        const rejoined = zombie.joined()
        zombie.process.kill('SIGCONT')
        await rejoined
        expect(await cluster.committed(topic, topic)).toEqual([200])
      })
    } finally {
      await zombie.kill()
      rmSync(folder, { recursive: true })
    }
    expect(await cluster.committed(topic, topic)).toEqual([200])
  })

  test('a rebalance waits for what runs, commits it, and repeats nothing', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(2)
    await cluster.produceNumbers(topic, 60, 2)
    const handled: string[] = []
    const handler = on(topic, async ({ value }) => {
      await new Promise((resolve) => setTimeout(resolve, 25))
      handled.push(String(value))
    })
    const options = { groupId: topic, handlers: [handler], commitInterval: { records: 1_000, ms: 60_000 } }
    const [first, second] = [testConsumer(cluster.brokers, options), testConsumer(cluster.brokers, options)]
    const drained: number[] = []
    first.on('drain:ended', ({ abandoned }) => drained.push(abandoned.length))
    await whileRunning(first, async () => {
      await until(
        'the first records',
        () => handled.length,
        (count) => count > 8,
      )
      await whileRunning(second, () =>
        until(
          'all records',
          () => handled.length,
          (count) => count >= 60,
        ),
      )
    })
    expect(handled.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 60 }, (_, value) => String(value)),
    )
    expect(drained[0]).toBe(0)
    expect(await cluster.committed(topic, topic)).toEqual([30, 30])
  })

  test('a handler that outlives the drain is aborted, told stale, and never commits', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(1)
    await cluster.produceNumbers(topic, 3, 1)
    const release = Promise.withResolvers<void>()
    const reasons: unknown[] = []
    let calls = 0
    const handler = on(topic, async (_, { signal }) => {
      calls += 1
      if (calls > 1) return
      signal.addEventListener('abort', () => reasons.push(signal.reason.details.reason))
      await release.promise
    })
    const commits: CommitRequest[] = []
    // An eager strategy drains the one partition; a cooperative one would leave it where it is.
    const options = { groupId: topic, handlers: [handler], partitionAssignmentStrategy: ['range'] as const }
    const slow = testConsumer(cluster.brokers, { ...options, drainBudgetMs: 200 })
    const other = testConsumer(cluster.brokers, options)
    slow.on('commit:ok', ({ offsets }) => commits.push(...offsets))
    const stale = new Promise((resolve) => slow.on('attempt:stale', resolve))
    await whileRunning(slow, async () => {
      await until(
        'the first call',
        () => calls,
        (count) => count === 1,
      )
      await whileRunning(other, async () => {
        await until(
          'the abort',
          () => reasons,
          (seen) => seen.length > 0,
        )
        await until(
          'all records at one of the two',
          () => calls,
          (count) => count === 4,
        )
        release.resolve()
        expect(await stale).toMatchObject({ topic, partition: 0, offset: 0, epoch: 1 })
      })
    })
    expect(reasons).toEqual(['revoked'])
    expect(commits.filter(({ epoch }) => epoch === 1)).toEqual([])
  })
})
