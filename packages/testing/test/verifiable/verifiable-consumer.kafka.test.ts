import { describe, expect, inject, test } from 'vitest'
import { TestCluster } from '../../../kafkajs/test/support/test-cluster.ts'
import { coverageOf } from './support/coverage.ts'
import { Feed } from './support/feed.ts'
import type { Member } from './support/member.ts'
import { Members } from './support/members.ts'

const PARTITIONS = 4
const SHORT_SESSION = ['--session-timeout', '3000']

const owns = ({ checker }: Member, partitions: number) => checker.assigned.size === partitions
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0)

describe('the verifiable consumer', () => {
  test('stops by itself after --max-messages, and goes on there in the next run', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(PARTITIONS)
    await cluster.produceNumbers(topic, 900, PARTITIONS)
    await using members = new Members(cluster.brokers, topic)

    const first = members.start('--max-messages', '701', '--verbose')
    expect(await first.exited, first.stderr).toBe(0)
    members.check()
    expect(first.checker).toMatchObject({ state: 'dead', total: 701, recordsTold: 701, failures: [] })
    expect(first.lines.at(0)).toMatchObject({ name: 'startup_complete', timestamp: expect.any(Number) })
    expect(first.lines.at(-1)).toMatchObject({ name: 'shutdown_complete' })
    const { ends } = coverageOf(members.consumed)
    expect(first.checker.committed).toEqual(ends)
    expect(sum((await cluster.committed(topic, topic)).filter((offset) => offset >= 0))).toBe(701)

    const second = members.start('--enable-autocommit')
    await members.until('the rest', () => members.total === 900)
    expect(await second.kill('SIGTERM'), second.stderr).toBe(0)
    members.check()
    expect(second.lines.map(({ name }) => name)).not.toContain('offsets_committed')
    expect(coverageOf(members.consumed)).toMatchObject({ missing: [], repeated: [] })
    expect(await cluster.committed(topic, topic)).toEqual([225, 225, 225, 225])
  })

  test('is bounced while records flow: none is consumed twice, and positions are what was consumed', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(PARTITIONS)
    await using members = new Members(cluster.brokers, topic, ...SHORT_SESSION)
    const feed = new Feed(cluster, topic, PARTITIONS)
    const [steady, bounced] = [members.start(), members.start()]
    await members.until('both to share', () => owns(steady, 2) && owns(bounced, 2))
    await members.until('both to consume', () => steady.checker.total > 100 && bounced.checker.total > 100)

    expect(await bounced.kill('SIGTERM'), bounced.stderr).toBe(0)
    expect(bounced.checker.state).toBe('dead')
    await members.until('the other to have all', () => owns(steady, 4))
    const again = members.start()
    await members.until('both to share again', () => owns(steady, 2) && owns(again, 2))
    await members.until('the new one to consume', () => again.checker.total > 100)

    const produced = await feed.stop()
    await members.until('all records', () => members.total >= produced)
    expect(await Promise.all([steady.kill('SIGINT'), again.kill('SIGTERM')])).toEqual([0, 0])
    members.check()
    const { ends, missing, repeated } = coverageOf(members.consumed)
    expect({ missing, repeated }).toEqual({ missing: [], repeated: [] })
    expect(sum(ends.values())).toBe(members.total)
    expect(members.total).toBe(produced)
    expect(await cluster.committed(topic, topic)).toEqual(await cluster.logEnds(topic))
  })

  test('is killed: the other takes over from what was committed, and consumes on', async () => {
    await using cluster = await TestCluster.connect(inject('kafkaBrokers'))
    const topic = await cluster.createTopic(PARTITIONS)
    await using members = new Members(cluster.brokers, topic, ...SHORT_SESSION)
    const feed = new Feed(cluster, topic, PARTITIONS)
    const [survivor, victim] = [members.start(), members.start()]
    await members.until('both to share', () => owns(survivor, 2) && owns(victim, 2))
    const held = [...victim.checker.assigned]
    await members.until('the victim to commit', () => held.every((name) => victim.checker.committed.has(name)))

    expect(await victim.kill('SIGKILL')).toBe('SIGKILL')
    await members.until('the take-over', () => owns(survivor, 4))
    const takenOver = survivor.checker.total
    await members.until('1000 more', () => survivor.checker.total >= takenOver + 1_000)
    await feed.stop()
    expect(await survivor.kill('SIGTERM'), survivor.stderr).toBe(0)
    members.check()

    const { missing, repeated } = coverageOf(members.consumed)
    expect(missing).toEqual([])
    const wasCommitted = repeated.filter((place) => {
      const [name = '', offset] = place.split('@')
      return !held.includes(name) || Number(offset) < (victim.checker.committed.get(name) ?? 0)
    })
    expect(wasCommitted).toEqual([])
  })
})
