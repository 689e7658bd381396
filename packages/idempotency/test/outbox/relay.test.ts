import { createFakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { PassingRelay } from '../../src/outbox/relay.ts'
import { type RelayFailure, type RelayOptions, relaySettings } from '../../src/outbox/relay-options.ts'

/** A relay whose passes answer what the test says, or fail. */
function scene(answers: (number | Error)[]) {
  const clock = createFakeClock()
  const passes: number[] = []
  const failures: RelayFailure[] = []
  const settings = relaySettings({ produce: async () => undefined, onError: () => undefined, clock })
  const relay = new PassingRelay(
    async () => {
      passes.push(clock.now())
      const answer = answers.shift() ?? 0
      if (typeof answer !== 'number') throw answer
      return answer
    },
    settings,
    (_, failure) => void failures.push(failure),
  )
  return { clock, passes, failures, relay }
}

test('passes follow each other while they find something, then every poll interval, or when notified', async () => {
  const { clock, passes, relay } = scene([500, 20])
  relay.start()
  await clock.advance(1_500)
  expect(passes).toEqual([0, 0, 0, 1_000])
  relay.notify()
  await clock.settle()
  expect(passes.slice(4)).toEqual([1_500])
  expect(relay.relayed).toBe(520)
  await relay.stop()
  expect(clock.pendingTimers).toBe(0)
})

test('what is notified during a pass is looked at after it', async () => {
  const { clock, passes, relay } = scene([])
  relay.start()
  relay.notify()
  await clock.settle()
  expect(passes).toEqual([0, 0])
  await relay.stop()
})

test('failures in a row are tried again later and later, and no notify hastens them', async () => {
  const down = Array.from({ length: 9 }, () => new Error('down'))
  const { clock, passes, failures, relay } = scene(down)
  relay.start()
  await clock.advance(100)
  relay.notify()
  await clock.advance(120_000)
  expect(failures.map(({ retryInMs }) => retryInMs)).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ])
  expect(passes.slice(0, 4)).toEqual([0, 500, 1_500, 3_500])
  await relay.stop()
})

test('a relay starts once', async () => {
  const { relay } = scene([])
  relay.start()
  expect(() => relay.start()).toThrow(/a relay starts once/)
  await relay.stop()
  expect(() => relay.start()).toThrow(/a relay starts once/)
})

test.each([
  [{ maxRecords: 0 }, /maxRecords = 0 of a relay/],
  [{ pollIntervalMs: Number.NaN }, /pollIntervalMs = NaN of a relay/],
  [{ produce: undefined }, /produce = undefined of a relay/],
  [{ onError: 1 }, /onError = number of a relay/],
])('%j is refused', (options, text) => {
  const given = { produce: async () => undefined, onError: () => undefined, ...options }
  expect(() => relaySettings(given as RelayOptions)).toThrow(text)
})
