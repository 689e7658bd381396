import assert from 'node:assert/strict'
import type { ContractClient } from './contract-client.ts'
import type { DriverCase } from './driver-environment.ts'
import { numbered, scene } from './scene.ts'

export const COMMIT_CASES: readonly DriverCase[] = [
  scene('an acknowledged commit is where the group goes on', 1, async ({ topic, client, produce, committed }) => {
    await produce(topic, 0, numbered(0, 10))
    const first = await client().start()
    assert.deepEqual(first.assignments[0]?.partitions, [{ topic, partition: 0, position: 0, committed: -1 }])
    assert.equal((await first.commit(topic, 0, 5)).status, 'ok')
    assert.equal(await committed(0), 5)
    await first.driver.stop()
    const second = await client().start()
    await second.until(() => second.offsetsOf(topic, 0).length >= 5, 'the rest')
    assert.deepEqual(second.offsetsOf(topic, 0), [5, 6, 7, 8, 9])
    assert.deepEqual(second.assignments[0]?.partitions, [{ topic, partition: 0, position: 5, committed: 5 }])
  }),

  scene('a text goes with a commit, and comes back with the end of the log', 1, async ({ topic, client, produce }) => {
    await produce(topic, 0, numbered(0, 10))
    const first = await client().start()
    const metadata = `a text ${String.fromCharCode(0x3400, 0xb3ff).repeat(2_000)}`
    const request = { topic, partition: 0, offset: 5, epoch: first.epoch }
    assert.deepEqual(await first.commitAll([{ ...request, metadata }]), [{ status: 'ok' }])
    await first.driver.stop()
    const second = await client().start()
    assert.deepEqual(second.assignments[0]?.partitions, [
      { topic, partition: 0, position: 5, committed: 5, metadata, logEnd: 10 },
    ])
    assert.equal((await second.commit(topic, 0, 6)).status, 'ok')
    await second.driver.stop()
    const third = await client().start()
    assert.deepEqual(third.assignments[0]?.partitions, [{ topic, partition: 0, position: 6, committed: 6 }])
  }),

  scene('a text that is too long for the broker does not hold its offset back', 1, async (scene) => {
    const { topic, client, produce, committed } = scene
    await produce(topic, 0, numbered(0, 10))
    const first = await client().start()
    const request = { topic, partition: 0, offset: 5, epoch: first.epoch }
    assert.deepEqual(await first.commitAll([{ ...request, metadata: 'x'.repeat(30_000) }]), [{ status: 'ok' }])
    assert.equal(await committed(0), 5)
  }),

  scene('each request has its own result, in order', 2, async ({ topic, client, produce, committed }) => {
    for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 10))
    const { epoch, self } = await started(client())
    const results = await self.commitAll([
      { topic, partition: 0, epoch, offset: 3 },
      { topic, partition: 1, epoch: epoch - 1, offset: 9 },
      { topic, partition: 1, epoch, offset: 4 },
    ])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['ok', 'fenced', 'ok'],
    )
    assert.deepEqual([await committed(0), await committed(1)], [3, 4])
  }),

  scene('no requests, no results', 1, async ({ client }) => {
    const { self } = await started(client())
    assert.deepEqual(await self.commitAll([]), [])
  }),

  scene(
    'a commit under an epoch that is over is fenced and changes nothing',
    2,
    async ({ topic, client, produce, committed }) => {
      for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 10))
      const { self: first, epoch: retired } = await started(client())
      assert.equal((await first.commit(topic, 0, 2)).status, 'ok')
      await client().start()
      await first.until(() => first.epoch > retired, 'the next assignment')
      for (const partition of [0, 1]) {
        const result = await first.commit(topic, partition, 8, retired)
        assert.equal(result.status, 'fenced')
        assert.equal(result.status === 'fenced' && result.error.code, 'HF_COMMIT_FENCED')
      }
      assert.deepEqual([await committed(0), await committed(1)], [2, -1])
    },
  ),

  scene(
    'a commit of a partition that another member owns is fenced',
    2,
    async ({ topic, client, produce, committed }) => {
      for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 10))
      const first = await client().start()
      const second = await client().start()
      await first.until(() => first.owned.length === 1, 'the shared assignment')
      const foreign = second.owned[0] === `${topic}/0` ? 0 : 1
      assert.equal((await first.commit(topic, foreign, 8)).status, 'fenced')
      assert.equal(await committed(foreign), -1)
    },
  ),

  scene('after stop commits are refused', 1, async ({ topic, client, produce, committed }) => {
    await produce(topic, 0, numbered(0, 10))
    const { self, epoch } = await started(client())
    assert.equal((await self.commit(topic, 0, 1)).status, 'ok')
    await self.driver.stop()
    assert.equal((await self.commit(topic, 0, 9, epoch)).status, 'fenced')
    assert.equal(await committed(0), 1)
  }),
]

async function started(self: ContractClient): Promise<{ readonly self: ContractClient; readonly epoch: number }> {
  await self.start()
  return { self, epoch: self.epoch }
}
