import { describe, expect, test } from 'vitest'
import type { AssignorName } from '../../src/assignors/assignors.ts'
import { until } from '../support/until.ts'
import { javaScene } from './java-scene.ts'
import { JsMember } from './js-member.ts'

const PARTITIONS = [0, 1, 2, 3, 4, 5]
/** Member ids begin with the client's id, so that ours comes first. */
const [OURS, JAVA, LATER] = ['a-js', 'b-java', 'c-java'] as const

const scene = await javaScene()

type Shares = readonly (readonly number[])[]

/** Waits until the members together own every partition once, with the same number each. */
function untilShared(what: string, look: () => Shares): Promise<Shares> {
  return until(what, look, (shares) => {
    const isEven = shares.every((share) => share.length === PARTITIONS.length / shares.length)
    return isEven && shares.flat().toSorted().join() === PARTITIONS.join()
  })
}

interface Story {
  readonly topic: string
  readonly name: AssignorName
  readonly leader: 'kafkajs' | 'Java'
}

/** One member leads, the other joins, then a second Java member does: the shares after each of the joins. */
async function tell({ topic, name, leader }: Story): Promise<{ two: Shares; three: Shares; revoked: number[][] }> {
  const ours = () =>
    JsMember.join({ brokers: scene.cluster.brokers, groupId: topic, clientId: OURS, topic, assignor: name })
  const theirs = (id: string) => scene.java.view(topic, id).owned
  if (leader === 'Java') {
    scene.java.join(topic, JAVA, topic, name)
    await untilShared('all partitions at the Java member', () => [theirs(JAVA)])
  }
  await using member = await ours()
  const owned = (): readonly number[] => {
    if (member.failure !== undefined) throw member.failure
    return member.owned
  }
  if (leader === 'kafkajs') {
    await untilShared('all partitions at our member', () => [owned()])
    scene.java.join(topic, JAVA, topic, name)
  }
  const two = await untilShared('halves', () => [owned(), theirs(JAVA)])
  expect(member.isLeader).toBe(leader === 'kafkajs')
  scene.java.join(topic, LATER, topic, name)
  const three = await untilShared('thirds', () => [owned(), theirs(JAVA), theirs(LATER)])
  expect(member.isLeader).toBe(leader === 'kafkajs')
  // Leaving is told as giving up everything.
  const revoked = [...scene.java.view(topic, JAVA).revoked]
  for (const id of [JAVA, LATER]) scene.java.leave(topic, id)
  return { two, three, revoked }
}

describe.each(['kafkajs', 'Java'] as const)('in a group of kafkajs and Java that %s leads', (leader) => {
  test.each([
    [
      'range',
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
    ],
    [
      'roundrobin',
      [
        [0, 2, 4],
        [1, 3, 5],
      ],
      [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
    ],
  ] as const)('%s', async (name, halves, thirds) => {
    const topic = await scene.cluster.createTopic(PARTITIONS.length)
    const { two, three } = await tell({ topic, name, leader })
    expect(two).toEqual(halves)
    expect(three).toEqual(thirds)
  })

  test.each(['sticky', 'cooperative-sticky'] as const)(
    '%s: everybody keeps what the balance leaves it',
    async (name) => {
      const topic = await scene.cluster.createTopic(PARTITIONS.length)
      const { two, three, revoked } = await tell({ topic, name, leader })
      for (const place of [0, 1]) expect(two[place]).toEqual(expect.arrayContaining([...three[place]!]))
      // A cooperative member is told to give up only what goes to others.
      if (name === 'cooperative-sticky')
        expect(revoked.flat().filter((partition) => three[1]!.includes(partition))).toEqual([])
    },
  )
})
