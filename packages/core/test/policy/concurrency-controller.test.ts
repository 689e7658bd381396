import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ConcurrencyBounds,
  type ConcurrencySample,
  control,
  startController,
} from '../../src/policy/concurrency-controller.ts'
import { Random } from '../support/random.ts'
import { type Downstream, type Simulation, simulate, type Window } from './concurrency-simulation.ts'
import { collapsing, endless, failing, NOISES, queueingPool, sharedPool, slowedDown } from './downstreams.ts'

const SEEDS = process.env.NIGHTLY === undefined ? [1] : [1, 2, 3]
const NOISE_NAMES = Object.keys(NOISES)
const BOUNDS: ConcurrencyBounds = { minConcurrency: 1, maxConcurrency: 256 }
const SETTLED = 60

function run(downstream: Downstream, seed: number, rest: Partial<Simulation> = {}): Window[] {
  return simulate({ downstream, random: new Random(seed), bounds: BOUNDS, windows: 200, ...rest })
}

const during = (trace: readonly Window[], fromMs: number, toMs: number): Window[] =>
  trace.filter(({ endMs }) => endMs > fromMs && endMs <= toMs)

/** The share of the best throughput that the numbers of slots could reach. Noise is left out: its means wander. */
function efficiency(trace: readonly Window[], throughputAt: (slots: number) => number): number {
  const best = Math.max(...Array.from({ length: BOUNDS.maxConcurrency }, (_, index) => throughputAt(index + 1)))
  const totalMs = trace.reduce((sum, { durationMs }) => sum + durationMs, 0)
  return trace.reduce((sum, { slots, durationMs }) => sum + throughputAt(slots) * durationMs, 0) / totalMs / best
}

const poolOf =
  (servers: number) =>
  (slots: number): number =>
    Math.min(slots, servers)
const collapsingAt =
  (knee: number) =>
  (slots: number): number =>
    slots / (1 + (slots / knee) ** 2)

function expectSteady(trace: readonly Window[], low: number, high: number): void {
  const slots = trace.map((window) => window.slots)
  expect(Math.min(...slots)).toBeGreaterThanOrEqual(low)
  expect(Math.max(...slots)).toBeLessThanOrEqual(high)
  const middle = slots.toSorted((a, b) => a - b)[Math.floor(slots.length / 2)] ?? 0
  const away = slots.filter((count) => Math.abs(Math.log(count / middle)) > Math.log(1.3))
  expect(away.length / slots.length).toBeLessThan(0.2)
  const changes = slots.filter((count, index) => index > 0 && count !== slots[index - 1])
  expect(changes.length / slots.length).toBeLessThan(0.2)
}

describe.each(NOISE_NAMES)('with %s', (name) => {
  const noise = NOISES[name]!

  test.each(SEEDS)('it settles near what a pool can take and stays there (seed %i)', (seed) => {
    for (const [servers, downstream] of [
      [27, sharedPool(27, noise)],
      [90, sharedPool(90, noise)],
      [27, queueingPool(27, noise)],
      [90, queueingPool(90, noise)],
    ] as const) {
      const trace = run(downstream, seed)
      const firstNear = trace.findIndex(({ slots }) => slots >= 0.8 * servers && slots <= 1.6 * servers)
      expect(firstNear).toBeLessThan(25)
      const settled = trace.slice(SETTLED)
      expectSteady(settled, 0.7 * servers, 1.7 * servers)
      expect(efficiency(settled, poolOf(servers))).toBeGreaterThan(0.85)
    }
  })

  test.each(SEEDS)('a pool smaller than the first number of slots brings it down (seed %i)', (seed) => {
    const settled = run(queueingPool(3, noise), seed, { windows: 400 }).slice(250)
    expect(Math.max(...settled.map(({ slots }) => slots))).toBeLessThanOrEqual(6)
    expect(efficiency(settled, poolOf(3))).toBeGreaterThan(0.8)
  })

  test.each(SEEDS)('without a knee it goes to its maximum (seed %i)', (seed) => {
    const trace = run(endless(noise), seed)
    expect(trace.findIndex(({ slots }) => slots === 256)).toBeLessThan(60)
    expectSteady(trace.slice(100), 204, 256)
  })

  test.each(SEEDS)('where throughput falls past a knee it stays near it (seed %i)', (seed) => {
    for (const knee of [27, 90]) {
      const settled = run(collapsing(knee, noise), seed).slice(SETTLED)
      expect(efficiency(settled, collapsingAt(knee))).toBeGreaterThan(0.85)
      expect(Math.max(...settled.map(({ slots }) => slots))).toBeLessThan(1.5 * knee)
    }
  })

  test.each(SEEDS)('it gets over a downstream that is five times slower for a while (seed %i)', (seed) => {
    const isSlow = (nowMs: number): boolean => nowMs > 80_000 && nowMs <= 160_000
    const trace = run(slowedDown(sharedPool(40, noise), 5, isSlow), seed, { windows: 320 })
    expect(efficiency(during(trace, 90_000, 160_000), poolOf(40))).toBeGreaterThan(0.85)
    expect(efficiency(during(trace, 175_000, 300_000), poolOf(40))).toBeGreaterThan(0.9)
  })

  test.each(SEEDS)('it takes a downstream that stays slower as it is (seed %i)', (seed) => {
    const trace = run(
      slowedDown(sharedPool(40, noise), 5, (nowMs) => nowMs > 80_000),
      seed,
    )
    const settled = during(trace, 100_000, Number.POSITIVE_INFINITY)
    expect(efficiency(settled, poolOf(40))).toBeGreaterThan(0.9)
    expectSteady(settled, 24, 68)
  })

  test.each(SEEDS)('it follows a pool that loses most of its servers (seed %i)', (seed) => {
    const [large, small] = [sharedPool(40, noise), sharedPool(8, noise)]
    const trace = run((now) => (now.nowMs > 80_000 ? small(now) : large(now)), seed, { windows: 400 })
    const settled = trace.slice(-60)
    expect(Math.max(...settled.map(({ slots }) => slots))).toBeLessThanOrEqual(16)
    expect(efficiency(settled, poolOf(8))).toBeGreaterThan(0.85)
  })

  test.each(SEEDS)('it backs off while attempts fail, and comes back (seed %i)', (seed) => {
    const isFailing = (nowMs: number): boolean => nowMs > 80_000 && nowMs < 110_000
    const trace = run(
      failing(sharedPool(40, noise), (nowMs) => (isFailing(nowMs) ? 0.4 : 0)),
      seed,
    )
    expect(during(trace, 80_000, 110_000).at(-1)?.slots).toBeLessThan(10)
    const isWell = trace.findIndex(({ endMs }) => endMs > 110_000)
    expect(efficiency(trace.slice(isWell + 20), poolOf(40))).toBeGreaterThan(0.9)
  })

  test.each(SEEDS)('it stays below a number of slots at which attempts fail (seed %i)', (seed) => {
    const trace = run(
      failing(endless(noise), (_nowMs, inFlight) => (inFlight > 40 ? 0.5 : 0)),
      seed,
    ).slice(SETTLED)
    expect(Math.min(...trace.map(({ slots }) => slots))).toBeGreaterThanOrEqual(18)
    expect(trace.filter(({ slots }) => slots > 41).length / trace.length).toBeLessThan(0.1)
  })

  test.each(SEEDS)('little work does not make it grow (seed %i)', (seed) => {
    const slots = run(endless(noise), seed, { windows: 100, arrivalMs: 25 }).map((window) => window.slots)
    expect(Math.max(...slots)).toBe(10)
  })

  test.each(SEEDS)('handlers of a minute and a half settle within two hours (seed %i)', (seed) => {
    const fast = sharedPool(40, noise)
    const slow: Downstream = (now) => ({ latencyMs: fast(now).latencyMs * 900 })
    const trace = run(slow, seed, { windows: 80 })
    const near = trace.find(({ slots }) => slots >= 32)
    expect((near?.endMs ?? Number.POSITIVE_INFINITY) / 60_000).toBeLessThan(120)
  })
})

const bounds = fc
  .tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 500 }))
  .map(([a, b]) => ({ minConcurrency: Math.min(a, b), maxConcurrency: Math.max(a, b) }))
const number = fc.oneof(fc.double(), fc.double({ min: 0, max: 1e9 }), fc.constantFrom(0, 1e300, Number.MAX_VALUE))
const count = fc.oneof(fc.nat(), fc.nat({ max: 50 }), fc.double())
const sample: fc.Arbitrary<ConcurrencySample> = fc.record({
  isLimited: fc.boolean(),
  failed: count,
  latency: fc.record({ count, ms: number, rootMs: number }),
})
const sensible: fc.Arbitrary<ConcurrencySample> = fc
  .tuple(
    fc.boolean(),
    fc.nat({ max: 30 }),
    fc.integer({ min: 10, max: 1_000 }),
    fc.double({ min: 0, max: 1e9, noNaN: true }),
  )
  .map(([isLimited, failed, count, ms]) => ({
    isLimited,
    failed,
    latency: { count, ms: count * ms, rootMs: count * Math.sqrt(ms) },
  }))

test('the number of slots is whole and within its bounds, whatever is measured', () => {
  fc.assert(
    fc.property(bounds, fc.array(fc.oneof(sample, sensible), { maxLength: 60 }), (limits, samples) => {
      let state = startController(limits)
      for (const one of samples) {
        const before = state.slots
        const answer = control(state, one, limits)
        state = answer.state
        expect(Number.isInteger(state.slots)).toBe(true)
        expect(state.slots).toBeGreaterThanOrEqual(limits.minConcurrency)
        expect(state.slots).toBeLessThanOrEqual(limits.maxConcurrency)
        expect(answer.reason !== undefined).toBe(state.slots !== before)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('a window with few attempts changes nothing, however they went', () => {
  const state = startController(BOUNDS)
  const few: ConcurrencySample = { isLimited: true, failed: 9, latency: { count: 0, ms: 0, rootMs: 0 } }
  expect(control(state, few, BOUNDS)).toEqual({ state })
})
