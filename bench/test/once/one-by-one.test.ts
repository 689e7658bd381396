import { memoryStore } from '@holdfast/idempotency/memory'
import { expect, test } from 'vitest'
import { oneByOne } from '../../src/once/one-by-one.ts'

const request = (key: string) => ({ key, owner: 'me', fingerprint: null, leaseMs: 1_000, windowMs: 1_000 })

test('every entry is a call of its own, and the answers keep their order', async () => {
  const store = memoryStore()
  await store.claim([{ ...request('b'), owner: 'another' }])
  const sizes: number[] = []
  const single = oneByOne({
    ...store,
    name: 'counted',
    renew: (renewals) => store.renew(renewals),
    complete: (completions) => store.complete(completions),
    release: (claims) => store.release(claims),
    claim(requests) {
      sizes.push(requests.length)
      return store.claim(requests)
    },
  })
  const answers = await single.claim(['a', 'b', 'c'].map(request))
  expect(sizes).toEqual([1, 1, 1])
  expect(answers.map(({ type }) => type)).toEqual(['acquired', 'busy', 'acquired'])
})
