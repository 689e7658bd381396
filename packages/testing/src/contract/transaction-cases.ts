import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HoldfastError, type OutgoingRecord, recordsOf, type TransactionRequest } from '@holdfast/core'
import type { ContractClient } from './contract-client.ts'
import type { DriverCase } from './driver-environment.ts'
import { numbered, type Scene, scene } from './scene.ts'

const VISIBLE_LIMIT_MS = 5_000

/** Outputs and offsets that become visible together. */
export const TRANSACTION_CASES: readonly DriverCase[] = [
  scene('outputs and offset become visible together, with the text of the commit', 1, async (played) => {
    const { topic, produce, committed, client } = played
    await produce(topic, 0, numbered(0, 10))
    const { member, output } = await transactional(played)
    const outputs = numbered(0, 1_200).map((value) => outgoing(output, value))
    const request = { topic, partition: 0, epoch: member.epoch, offset: 7, metadata: 'a text', outputs }
    assert.deepEqual(await member.transact(request), { status: 'ok' })
    await becomes(committed, 7)
    assert.deepEqual(await readAll(played, output, outputs.length), numbered(0, 1_200))
    await member.driver.stop()
    const next = await client({ settings: { transactionalIdPrefix: topic } }).start()
    assert.deepEqual(next.assignments[0]?.partitions, [
      { topic, partition: 0, position: 7, committed: 7, metadata: 'a text', logEnd: 10 },
    ])
  }),

  scene('one transaction follows another, with outputs or without', 1, async (played) => {
    const { topic, committed } = played
    const { member, output } = await transactional(played)
    for (let offset = 1; offset <= 6; offset += 1) {
      const outputs = offset % 2 === 0 ? [] : [outgoing(output, String(offset))]
      const request = { topic, partition: 0, epoch: member.epoch, offset, outputs }
      assert.deepEqual(await member.transact(request), { status: 'ok' })
    }
    await becomes(committed, 6)
    assert.deepEqual(await readAll(played, output, 3), ['1', '3', '5'])
  }),

  scene('nothing of a request under an epoch that is over becomes visible', 1, async (played) => {
    const { topic, committed } = played
    const { member, output } = await transactional(played)
    const request = { topic, partition: 0, epoch: member.epoch + 1, offset: 5, outputs: [outgoing(output, 'late')] }
    const result = await member.transact(request)
    assert.equal(result.status, 'fenced')
    assert.equal(await committed(0), -1)
    await member.transact({ ...request, epoch: member.epoch, offset: 3, outputs: [outgoing(output, 'in time')] })
    assert.deepEqual(await readAll(played, output, 1), ['in time'])
  }),

  scene(
    'an output that its topic does not take is named, and another request follows without it',
    1,
    async (played) => {
      const { topic, committed } = played
      const { member, output } = await transactional(played)
      const missing = `${topic}-missing`
      const [taken, declined] = [outgoing(output, 'taken'), outgoing(missing, 'declined')]
      const request = { topic, partition: 0, epoch: member.epoch, offset: 5, metadata: 'five' }
      const result = await member.transact({ ...request, outputs: [taken, declined, outgoing(output, 'later')] })
      assert.equal(result.status, 'declined')
      const { reason, outputs } = result as Extract<typeof result, { status: 'declined' }>
      assert.equal(reason.code, 'HF_TOPIC_MISSING')
      assert.match(reason.message, new RegExp(missing))
      assert.deepEqual(outputs, [declined])
      assert.ok(outputs[0] === declined, 'the output is the one of the request')
      assert.equal(await committed(0), -1)
      assert.deepEqual(await member.transact({ ...request, offset: 3, metadata: '', outputs: [taken] }), {
        status: 'ok',
      })
      await becomes(committed, 3)
      assert.deepEqual(await readAll(played, output, 1), ['taken'])
    },
  ),

  scene(
    'a member whose id another group has claimed is told so, and claims it back in no request',
    1,
    async (played) => {
      const { topic, groupId, client, committed } = played
      const { member, output } = await transactional(played)
      const rival = await client({ groupId: `${groupId}-rival`, settings: { transactionalIdPrefix: topic } }).start()
      const request = (of: ContractClient, value: string): TransactionRequest => ({
        topic,
        partition: 0,
        epoch: of.epoch,
        offset: 1,
        outputs: [outgoing(output, value)],
      })
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const result = await member.transact(request(member, 'older'))
        assert.equal(result.status, 'fenced')
        assert.equal((result as { error?: HoldfastError }).error?.code, 'HF_TRANSACTIONAL_ID_TAKEN')
      }
      assert.deepEqual(await rival.transact(request(rival, 'newer')), { status: 'ok' })
      assert.equal(await committed(0), -1)
      assert.deepEqual(await readAll(played, output, 1), ['newer'])
    },
  ),
].map((each) => ({ ...each, needsTransactions: true }))

/** What is decided becomes visible a moment later. */
async function becomes(committed: Scene['committed'], offset: number): Promise<void> {
  const endMs = performance.now() + VISIBLE_LIMIT_MS
  while ((await committed(0)) !== offset && performance.now() < endMs) await sleep(10)
  assert.equal(await committed(0), offset)
}

/** A member with transactions, and a topic for its outputs. */
async function transactional(played: Scene): Promise<{ member: ContractClient; output: string }> {
  const { topic, client, createTopic } = played
  const output = `${topic}-out`
  await createTopic(output, 1)
  const member = await client({ settings: { transactionalIdPrefix: topic } }).start()
  return { member, output }
}

function outgoing(topic: string, value: string): OutgoingRecord {
  return { topic, key: null, value: Buffer.from(value), headers: [] }
}

/** What a reader of committed records gets, when it has got `count` and had time for more. */
async function readAll({ groupId, client, quiet }: Scene, topic: string, count: number): Promise<string[]> {
  const reader = await client({ groupId: `${groupId}-reader`, topics: [topic] }).start()
  const values = (): string[] =>
    reader.batchesOf(topic, 0).flatMap(({ records }) => recordsOf(records).map(({ value }) => String(value)))
  await reader.until(() => values().length >= count, 'the outputs')
  await quiet()
  return values()
}
