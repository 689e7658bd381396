import { describe, expect, it } from 'vitest'
import type { PartitionOffsets } from '../../src/demo/offsets.ts'
import { type WatchPorts, watchUntilDone } from '../../src/demo/watch.ts'

const at = (committed: number): PartitionOffsets[] => [{ topic: 't', partition: 0, committed, logEnd: 2 }]

function portsOf(change: Partial<WatchPorts>): WatchPorts {
  return {
    signal: new AbortController().signal,
    pollMs: 2,
    stallMs: 10_000,
    offsets: async () => at(0),
    delivered: () => 0,
    isRunning: () => true,
    show: () => undefined,
    ...change,
  }
}

describe('the watch', () => {
  it('ends when everything is committed, over a broker that did not answer once', async () => {
    const answers = [async () => at(1), async () => Promise.reject(new Error('no broker')), async () => at(2)]
    const shown: (number | undefined)[] = []
    const ended = await watchUntilDone(
      portsOf({
        offsets: () => (answers.shift() ?? (async () => at(2)))(),
        show: ([partition]) => shown.push(partition?.committed),
      }),
    )
    expect(ended).toBeUndefined()
    expect(shown).toEqual([1, 2])
  })

  it('gives up without a worker', async () => {
    await expect(watchUntilDone(portsOf({ isRunning: () => false }))).resolves.toBe('no worker is left')
  })

  it('gives up when nothing moves', async () => {
    await expect(watchUntilDone(portsOf({ stallMs: 1 }))).resolves.toContain('nothing has moved')
  })

  it('ends at once when it is interrupted', async () => {
    const abort = new AbortController()
    const ended = watchUntilDone(portsOf({ signal: abort.signal }))
    abort.abort()
    await expect(ended).resolves.toBe('interrupted')
  })
})
