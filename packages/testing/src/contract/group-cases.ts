import assert from 'node:assert/strict'
import { type CommitResult, HoldfastError } from '@holdfast/core'
import { within } from './contract-client.ts'
import type { DriverCase } from './driver-environment.ts'
import { numbered, offsets, scene } from './scene.ts'

export const GROUP_CASES: readonly DriverCase[] = [
  scene('start resolves with the first assignment', 3, async ({ topic, client }) => {
    const member = await client().start()
    assert.equal(member.assignments.length, 1)
    assert.deepEqual(member.owned, [`${topic}/0`, `${topic}/1`, `${topic}/2`])
    assert.notEqual(member.assignments[0]?.memberId, '')
    assert.ok((member.assignments[0]?.generationId ?? -1) >= 0)
  }),

  scene('a pattern subscribes to the topics whose names match', 1, async ({ topic, client, createTopic }) => {
    await createTopic(`${topic}-other`, 1)
    const member = await client({ topics: [new RegExp(`^${topic}-o`)] }).start()
    assert.deepEqual(member.owned, [`${topic}-other/0`])
  }),

  scene('a topic that does not exist is refused by name', 0, async ({ topic, client }) => {
    const member = client()
    const error = await member.start().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof HoldfastError, 'start rejects with a HoldfastError')
    assert.equal(error.code, 'HF_TOPIC_MISSING')
    assert.match(error.message, new RegExp(topic))
    assert.equal(member.assignments.length, 0)
    await member.driver.stop()
  }),

  scene('a start whose signal has aborted is given up', 1, async ({ client }) => {
    const member = client()
    await assert.rejects(member.start(AbortSignal.abort()), (error) => error instanceof HoldfastError)
    await member.driver.stop()
    assert.equal(member.assignments.length, 0)
  }),

  scene(
    'suspending is awaited before the partitions go to another member, and commits inside it count',
    2,
    async (scene) => {
      const { topic, client, produce, committed } = scene
      for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 10))
      const mayGo = Promise.withResolvers<void>()
      const inside = Promise.withResolvers<CommitResult[]>()
      const first = client({
        onRevoking: async (self) => {
          if (self.revocations > 1) return
          inside.resolve([await self.commit(topic, 0, 6), await self.commit(topic, 1, 7)])
          await mayGo.promise
        },
      })
      await first.start()
      const retired = first.epoch
      const second = client()
      const joining = second.start()
      joining.catch(() => undefined)
      const results = await Promise.race([inside.promise, joining.then(() => [])])
      await scene.quiet()
      assert.deepEqual(
        results.map(({ status }) => status),
        ['ok', 'ok'],
      )
      assert.deepEqual([await committed(0), await committed(1)], [6, 7])
      assert.equal(second.assignments.length, 0, 'the other member waits')
      mayGo.resolve()
      await joining
      await first.until(() => first.epoch > retired && first.owned.length === 1, 'the shared assignment')
      assert.deepEqual([...first.owned, ...second.owned].sort(), [`${topic}/0`, `${topic}/1`])
      const partition = second.owned[0] === `${topic}/0` ? 0 : 1
      await second.until(() => second.offsetsOf(topic, partition).length > 0, 'its first records')
      assert.equal(second.offsetsOf(topic, partition)[0], [6, 7][partition], 'it starts at the committed offset')
    },
  ),

  scene(
    'nothing of the new epoch arrives before its assignment, and nothing is told of the old one after it',
    2,
    async (scene) => {
      const { topic, client, produce } = scene
      for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 500))
      const first = await client().start()
      const retired = first.epoch
      await client().start()
      await first.until(() => first.epoch > retired, 'the next assignment')
      await scene.quiet()
      const [owned] = first.owned
      for (const { topic: name, partition } of first.batches.filter(({ epoch }) => epoch > retired)) {
        assert.equal(`${name}/${partition}`, owned, 'only what is owned is fetched')
      }
      for (const { epoch } of first.batches)
        assert.ok(first.assignments.some((assignment) => assignment.epoch === epoch))
    },
  ),

  scene('after an eager rebalance what comes back may be retained, and is read on where it was', 2, async (scene) => {
    const { topic, client, produce } = scene
    for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 100))
    const first = await client({ retains: true }).start()
    await first.until(
      () => [0, 1].every((partition) => first.offsetsOf(topic, partition).length === 100),
      'all records',
    )
    await client().start()
    await first.until(() => first.owned.length === 1, 'the shared assignment')
    const [kept] = first.assignments.at(-1)?.retained ?? []
    assert.equal(`${kept?.topic}/${kept?.partition}`, first.owned[0], 'what it keeps may be retained')
    const { partition } = kept as { readonly partition: number }
    await produce(topic, partition, numbered(100, 200))
    await first.until(() => first.offsetsOf(topic, partition).length >= 200, 'the rest')
    assert.deepEqual(first.offsetsOf(topic, partition), offsets(0, 200))
    assert.equal((await first.commit(topic, partition, 200)).status, 'ok')
    assert.equal(await scene.committed(partition), 200)
  }),

  scene('what a member lost meanwhile may not be retained', 1, async ({ topic, client, produce, quiet }) => {
    await produce(topic, 0, numbered(0, 10))
    const first = await client({ retains: true }).start()
    await first.driver.stop()
    const second = await client({ retains: true }).start()
    await second.until(() => second.offsetsOf(topic, 0).length === 10, 'the records')
    await quiet()
    assert.deepEqual(second.assignments[0]?.retainable, [])
  }),

  scene('under a cooperative strategy what stays goes on, and what moves waits for its drain', 2, async (scene) => {
    const { topic, client, produce } = scene
    const settings = { partitionAssignmentStrategy: ['cooperative-sticky'] as const }
    for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 100))
    const mayGo = Promise.withResolvers<void>()
    const first = client({ settings, retains: true, onRevoking: () => mayGo.promise })
    await first.start()
    await first.until(
      () => [0, 1].every((partition) => first.offsetsOf(topic, partition).length === 100),
      'all records',
    )
    const second = await client({ settings, retains: true }).start()
    await first.until(() => first.revocations > 0 && first.owned.length === 1, 'the assignment that takes one away')
    assert.deepEqual(second.owned, [], 'nobody has it yet')
    const stays = first.owned[0] === `${topic}/0` ? 0 : 1
    const moves = 1 - stays
    for (const partition of [0, 1]) await produce(topic, partition, numbered(100, 200))
    await first.until(() => first.offsetsOf(topic, stays).length === 200, 'what stays goes on')
    assert.equal((await first.commit(topic, stays, 150)).status, 'ok')
    assert.equal((await first.commit(topic, moves, 60)).status, 'ok', 'what is being drained can be committed')
    assert.deepEqual(second.owned, [])
    mayGo.resolve()
    await second.until(() => second.owned.length === 1, 'what moves')
    assert.deepEqual(second.owned, [`${topic}/${moves}`])
    await second.until(() => second.offsetsOf(topic, moves).length === 140, 'its records')
    assert.deepEqual(second.offsetsOf(topic, moves), offsets(60, 200), 'it starts at the committed offset')
    assert.equal((await first.commit(topic, moves, 70)).status, 'fenced', 'what has moved is not committed any more')
    assert.equal((await first.commit(topic, stays, 200)).status, 'ok')
    assert.deepEqual([await scene.committed(stays), await scene.committed(moves)], [200, 60])
    await produce(topic, stays, numbered(200, 300))
    await first.until(() => first.offsetsOf(topic, stays).length === 300, 'what stays goes on')
    assert.deepEqual(first.offsetsOf(topic, stays), offsets(0, 300))
    assert.equal(new Set(first.batchesOf(topic, stays).map(({ epoch }) => epoch)).size, 1)
  }),

  scene('a start that waits for others honours its signal', 1, async ({ client }) => {
    const mayGo = Promise.withResolvers<void>()
    const first = client({ onRevoking: () => mayGo.promise })
    await first.start()
    const abort = new AbortController()
    const second = client()
    const joining = second.start(abort.signal).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    await first.until(() => first.revocations > 0, 'the rebalance')
    abort.abort()
    try {
      const error = await within(joining, 10_000, 'giving up the start')
      assert.ok(error instanceof HoldfastError, 'start rejects with a HoldfastError')
      assert.equal(second.assignments.length, 0)
    } finally {
      mayGo.resolve()
    }
  }),

  scene('after stop the member has left, and the others own its partitions', 2, async ({ topic, client }) => {
    const first = await client().start()
    const second = await client().start()
    await first.until(() => first.owned.length === 1, 'the shared assignment')
    await first.driver.stop()
    await second.until(() => second.owned.length === 2, 'all partitions')
    assert.deepEqual(second.owned, [`${topic}/0`, `${topic}/1`])
  }),

  scene('a second stop does nothing', 1, async ({ client }) => {
    const member = await client().start()
    await member.driver.stop()
    await member.driver.stop()
    assert.deepEqual(member.crashes, [])
  }),
]
