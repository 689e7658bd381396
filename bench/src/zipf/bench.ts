import { kafka } from '@holdfast/testing'
import { defineBench } from '../bench.ts'
import { measureColdWait } from './cold-wait.ts'
import { measureMakespan } from './makespan.ts'
import { PARTITIONS, SLOTS, WAIT_MS } from './scene.ts'

export const zipf = defineBench({
  id: 'zipf',
  summary: 'keys after Zipf: the share of the shortest possible time, and what a hot key costs the others',
  defaults: { records: 20_000, bytes: 200, rounds: 3, keys: [1_000, 100_000], seconds: 15 },
  async run({ records, bytes, rounds, keys, seconds }, log) {
    await using cluster = await kafka({ optimise: 'throughput', log })
    const { brokers } = cluster
    return {
      id: 'zipf',
      settings: { records, bytes, partitions: PARTITIONS, slots: SLOTS, waitMs: WAIT_MS, seconds, rounds },
      tables: [
        await measureMakespan({ brokers, records, bytes, rounds, keys }, log),
        await measureColdWait({ brokers, seconds, bytes, rounds }, log),
      ],
    }
  },
})
