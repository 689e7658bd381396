import { afterEach, expect, test, vi } from 'vitest'
import { Random } from '../support/random.ts'
import { simulate } from './simulate.ts'

const RUNS = Number(process.env.SIMULATION_RUNS ?? 400)
const FIRST_SEED = Number(process.env.SIMULATION_SEED ?? 1)
const SHARD = 50

afterEach(() => vi.restoreAllMocks())

for (let first = FIRST_SEED; first < FIRST_SEED + RUNS; first += SHARD) {
  test(`no loss, no early commit, order and recovery under faults, seeds ${first} and on`, {
    timeout: 60_000,
  }, async () => {
    for (let seed = first; seed < Math.min(first + SHARD, FIRST_SEED + RUNS); seed += 1) {
      vi.spyOn(Math, 'random').mockImplementation(new Random(seed).next)
      const { violations, actions, world } = await simulate(seed)
      expect(violations, `seed ${seed}, ${world.delivery}: ${actions.join(', ')}`).toEqual([])
    }
  })
}
