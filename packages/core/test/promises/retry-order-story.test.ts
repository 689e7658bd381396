import { describe, expect, test } from 'vitest'
import { Random } from '../support/random.ts'
import { DEAD, type RetryScene, retryScene } from '../support/retry-scene.ts'

const DELAYS = ['1s', '2s', '4s', '8s', '16s', '32s']
const KEYS = 6
const STEPS = 60

/** Two members whose handler fails at random for a while, as members are killed, thrown out and rebalanced. */
async function story(seed: number, strategy: 'range' | 'cooperative-sticky') {
  const random = new Random(seed)
  let isFailing = true
  const scene = retryScene(() => isFailing && random.chance(0.2), {
    delays: DELAYS,
    partitions: 2,
    // With another number the owner of a partition is not that of its retry topics.
    retryPartitions: random.pick([2, 3, 4]),
    options: { partitionAssignmentStrategy: [strategy], commitInterval: { ms: 500, records: 20 } },
  })
  const { broker, clock, begin } = scene
  begin()
  begin()
  const counts = new Map<string, number>()
  for (let step = 0; step < STEPS; step += 1) {
    isFailing = step < STEPS - 20
    for (let left = random.int(0, 12); left > 0; left -= 1) {
      const key = `k${random.int(1, KEYS)}`
      const nth = (counts.get(key) ?? 0) + 1
      counts.set(key, nth)
      broker.produce('t', { key, value: `${key}-${nth}` })
    }
    await clock.advance(random.int(50, 900))
    if (random.chance(0.1)) await disturb(random, scene)
  }
  await clock.advance('5m')
  return { ...scene, counts }
}

async function disturb(random: Random, { broker, begin }: RetryScene): Promise<void> {
  const member = random.int(0, 1)
  switch (random.pick(['kill', 'expire', 'lose', 'rebalance'] as const)) {
    case 'kill':
      broker.kill({ member })
      begin()
      return
    case 'expire':
      return broker.expire({ member })
    case 'lose':
      return broker.lose({ member })
    case 'rebalance':
      void broker.rebalance()
  }
}

/** By key, the numbers of its records in the order in which each was done first. */
function firstEffects(done: readonly string[]): Map<string, number[]> {
  const numbers = [...new Set(done)].map((value) => value.split('-') as [string, string])
  return new Map([...Map.groupBy(numbers, ([key]) => key)].map(([key, list]) => [key, list.map(([, n]) => Number(n))]))
}

describe.each(['range', 'cooperative-sticky'] as const)('%s: members come and go while records fail', (strategy) => {
  test.each([1, 2, 3, 4, 5, 6])(
    'seed %i: first effects are in the order of their keys, and nothing is lost',
    async (seed) => {
      const { broker, done, counts } = await story(seed, strategy)
      const dead = new Set(broker.records(DEAD).map(({ value }) => String(value)))
      const effects = firstEffects(done)
      for (const [key, count] of counts) {
        const expected = Array.from({ length: count }, (_, index) => index + 1)
        const found = effects.get(key) ?? []
        expect(found).toEqual(found.toSorted((a, b) => a - b))
        expect(expected.filter((nth) => !found.includes(nth) && !dead.has(`${key}-${nth}`))).toEqual([])
      }
      for (const topic of ['t', ...DELAYS.map((delay) => `t.retry.${delay}`)]) {
        for (let partition = 0; partition < 2; partition += 1)
          expect(Math.max(0, broker.committed(topic, partition))).toBe(broker.logEnd(topic, partition))
      }
    },
  )
})
