import { expect, test } from 'vitest'
import { ThreadRig } from '../support/thread-rig.ts'

test('what waits for a thread when the consumer stops is not begun', async () => {
  await using rig = await ThreadRig.running({ threads: { maxThreads: 1 }, concurrency: 3 })
  const settled: number[] = []
  rig.consumer.on('record:settled', ({ offset }) => void settled.push(offset))
  rig.send({ do: 'sleep', ms: 300 }, { do: 'sleep', ms: 1 }, { do: 'sleep', ms: 1 })
  await rig.until('three attempts', () => rig.consumer.status().slots.busy === 3)
  await rig.consumer.stop({ timeoutMs: 5_000 })
  expect(settled).toEqual([0])
})
