import type { Random } from '../support/random.ts'
import { GROUP, TOPIC, type World } from './world.ts'

type Action = (world: World, random: Random) => void

const withClient =
  (act: (world: World, member: number, random: Random) => void): Action =>
  (world, random) => {
    const count = world.broker.assignments(GROUP).length
    if (count > 0) act(world, random.int(0, count - 1), random)
  }

/** What may happen between two moves of the clock; a name that stands twice is twice as likely. */
export const ACTIONS: readonly (readonly [name: string, action: Action])[] = [
  ['produce', (world, random) => world.produce(random.int(1, 10))],
  ['produce', (world, random) => world.produce(random.int(1, 10))],
  ['rebalance', (world) => void world.broker.rebalance(GROUP)],
  ['lose', withClient((world, member) => world.broker.lose({ groupId: GROUP, member }))],
  ['expire', withClient((world, member) => world.broker.expire({ groupId: GROUP, member }))],
  ['crash', withClient((world, member) => world.broker.crash({ groupId: GROUP, member, willRestart: true }))],
  [
    'kill',
    withClient((world, member) => {
      world.broker.kill({ groupId: GROUP, member })
      world.addConsumer()
    }),
  ],
  [
    'join',
    (world) => {
      if (world.alive.length < 3) world.addConsumer()
    },
  ],
  [
    'stop',
    (world, random) => {
      if (world.alive.length < 2) return
      const instance = random.pick(world.alive)
      instance.isStopped = true
      instance.consumer.stop(random.chance(0.3) ? { timeoutMs: 0 } : {}).catch(() => undefined)
    },
  ],
  [
    'lose commits',
    (world, random) => world.broker.failCommits({ times: random.int(1, 2), stored: random.chance(0.5) }),
  ],
  ['hold commits', (world) => world.holdCommits()],
  ['release commits', (world) => world.releaseCommits()],
  ['release commits', (world) => world.releaseCommits()],
  ['pause', (world, random) => random.pick(world.alive)?.consumer.pause(TOPIC, random.int(0, world.partitions - 1))],
  ['resume', (world, random) => random.pick(world.alive)?.consumer.resume(TOPIC)],
]
