import { createFakeClock } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryStore } from '../../src/memory/memory-store.ts'

type Step =
  | {
      readonly do: 'claim'
      readonly key: number
      readonly owner: number
      readonly print: number | null
      readonly leaseMs: number
      readonly windowMs: number
    }
  | { readonly do: 'renew' | 'complete' | 'release'; readonly key: number; readonly of: number }
  | { readonly do: 'wait'; readonly ms: number }

const key = fc.nat(2)
const span = fc.integer({ min: 1, max: 30 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('claim' as const),
    key,
    owner: fc.nat(2),
    print: fc.option(fc.nat(1)),
    leaseMs: span,
    windowMs: span,
  }),
  fc.record({ do: fc.constantFrom('renew' as const, 'complete' as const, 'release' as const), key, of: fc.nat(3) }),
  fc.record({ do: fc.constant('wait' as const), ms: span }),
)

/** All that ever happened to a key, looked through from the start each time. */
interface Life {
  owner: number
  print: number | null
  token: number
  ends: number
  gone: number
  is: 'claimed' | 'done' | 'free'
  result: string | null
}

test('the memory store does what a naive model does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = createFakeClock({ turns: 1 })
      const store = memoryStore({ clock })
      const lives = new Map<number, Life[]>()
      for (const [index, now] of steps.entries()) {
        if (now.do === 'wait') {
          clock.block(now.ms)
          continue
        }
        const all = lives.get(now.key) ?? []
        lives.set(now.key, all)
        const last = all.at(-1)
        const living = last !== undefined && last.gone > clock.now() ? last : undefined
        const name = `k${now.key}`
        if (now.do === 'claim') {
          const { owner, print, leaseMs, windowMs } = now
          const request = {
            key: name,
            owner: `o${owner}`,
            fingerprint: print === null ? null : `f${print}`,
            leaseMs,
            windowMs,
          }
          const [result] = await store.claim([request])
          const isHeld = living?.is === 'done' || (living?.is === 'claimed' && living.ends > clock.now())
          const held = isHeld ? living : undefined
          if (held && held.print !== null && print !== null && held.print !== print) {
            expect(result).toEqual({ type: 'mismatch' })
          } else if (held?.is === 'done') {
            expect(result).toEqual({ type: 'completed', result: held.result })
          } else if (held && held.owner !== owner) {
            expect(result).toEqual({ type: 'busy', forMs: held.ends - clock.now() })
          } else {
            expect(result?.type).toBe('acquired')
            const token = result?.type === 'acquired' ? result.token : 0
            for (const { token: before } of all) expect(token).toBeGreaterThan(before)
            const ends = clock.now() + leaseMs
            all.push({
              owner,
              print,
              token,
              ends,
              gone: Math.max(ends, clock.now() + windowMs),
              is: 'claimed',
              result: null,
            })
          }
          continue
        }
        const shown = all.at(-1 - now.of)
        const claim = { key: name, token: shown?.token ?? 999_999 }
        const mine = shown !== undefined && shown === living ? living : undefined
        if (now.do === 'renew') {
          const isOk = mine?.is === 'claimed'
          expect(await store.renew([{ ...claim, leaseMs: 10 }])).toEqual([isOk ? 'ok' : 'stale'])
          if (isOk) {
            mine.ends = clock.now() + 10
            mine.gone = Math.max(mine.gone, mine.ends)
          }
        } else if (now.do === 'complete') {
          const isOk = mine !== undefined && mine.is !== 'free'
          expect(await store.complete([{ ...claim, result: String(index) }])).toEqual([isOk ? 'ok' : 'stale'])
          if (mine?.is === 'claimed') Object.assign(mine, { is: 'done', result: String(index) })
        } else {
          const isOk = mine !== undefined && mine.is !== 'done'
          expect(await store.release([claim])).toEqual([isOk ? 'ok' : 'stale'])
          if (mine?.is === 'claimed') mine.is = 'free'
        }
      }
    }),
    { numRuns: 500 },
  )
})

const request = (index: number, windowMs = 1_000) => ({
  key: `k${index}`,
  owner: 'o',
  fingerprint: null,
  leaseMs: 1,
  windowMs,
})

test('a store that is full claims no new key, and forgets none that it must keep', async () => {
  const clock = createFakeClock()
  const store = memoryStore({ clock, maxKeys: 3 })
  await store.claim([request(1), request(2), request(3)])
  await expect(store.claim([request(4)])).rejects.toThrow(/maxKeys = 3 keys already; raise maxKeys, or lower windowMs/)
  expect((await store.claim([request(1)]))[0]?.type).toBe('acquired')
  clock.block('2s')
  expect((await store.claim([request(4), request(5), request(6)])).map(({ type }) => type)).toEqual([
    'acquired',
    'acquired',
    'acquired',
  ])
})

test('what has expired does not pile up', async () => {
  const clock = createFakeClock()
  const store = memoryStore({ clock, maxKeys: 2_000 })
  for (let index = 0; index < 20_000; index += 1) {
    clock.block(1)
    await store.claim([request(index, 100)])
  }
})

test('maxKeys is a whole number', () => {
  expect(() => memoryStore({ maxKeys: 0 })).toThrow(/maxKeys = 0 of memoryStore is not allowed/)
})
