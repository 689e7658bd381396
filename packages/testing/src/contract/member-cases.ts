import assert from 'node:assert/strict'
import type { PartitionAssignmentStrategy } from '@holdfast/core'
import type { DriverCase } from './driver-environment.ts'
import { numbered, offsets, scene } from './scene.ts'

/** Whether a process still is a member, and what it gives up by itself. */
export const MEMBER_CASES: readonly DriverCase[] = [
  scene('a member is confirmed, and one that has stopped is not', 1, async ({ client }) => {
    const member = await client().start()
    assert.equal(await member.driver.confirm(), 'member')
    await member.driver.stop()
    assert.equal(await member.driver.confirm(), 'fenced')
  }),

  scene('a confirmation asked for during a rebalance is of the next assignment', 2, async ({ client }) => {
    const first = await client().start()
    const second = client()
    const joining = second.start()
    await first.until(() => first.revocations > 0, 'the rebalance')
    assert.equal(await first.driver.confirm(), 'member')
    await joining
    assert.equal(await second.driver.confirm(), 'member')
  }),

  released('range'),
  released('cooperative-sticky'),
]

function released(strategy: PartitionAssignmentStrategy): DriverCase {
  const name = `what is released is assigned anew, from the committed offset, and the rest goes on (${strategy})`
  return scene(name, 2, async ({ topic, client, produce }) => {
    for (const partition of [0, 1]) await produce(topic, partition, numbered(0, 5))
    const member = client({ retains: true, settings: { partitionAssignmentStrategy: [strategy] } })
    await member.start()
    const { epoch } = member
    for (const partition of [0, 1])
      await member.until(() => member.offsetsOf(topic, partition).length === 5, 'what there is')
    assert.equal((await member.commit(topic, 0, 2)).status, 'ok')
    member.driver.release([{ topic, partition: 0 }])
    await member.until(() => member.assignments.length === 2, 'the next assignment')
    await member.until(() => member.offsetsOf(topic, 0, member.epoch).length === 3, 'what was not committed')
    assert.deepEqual(member.offsetsOf(topic, 0, member.epoch), offsets(2, 5))
    assert.deepEqual(member.assignments[1]?.retained, [{ topic, partition: 1 }])
    await produce(topic, 1, numbered(5, 6))
    await member.until(() => member.offsetsOf(topic, 1).length === 6, 'the rest of the other partition')
    assert.deepEqual(member.offsetsOf(topic, 1, epoch), offsets(0, 6))
    assert.equal((await member.commit(topic, 0, 5, epoch)).status, 'fenced')
  })
}
