import type { IdempotencyStore } from '@holdfast/idempotency'

/**
 * A store that is asked for one key at a time, as without gathering: the entries of a call go out each by itself, at once. A
 * `maxSize` of 1 would be less than that, since gathered calls wait for one another.
 */
export function oneByOne(store: IdempotencyStore): IdempotencyStore {
  return {
    name: store.name,
    check: async (warn) => store.check?.(warn),
    claim: each((requests) => store.claim(requests)),
    renew: each((renewals) => store.renew(renewals)),
    complete: each((completions) => store.complete(completions)),
    release: each((claims) => store.release(claims)),
  }
}

function each<Entry, Result>(
  send: (entries: readonly Entry[]) => Promise<readonly Result[]>,
): (entries: readonly Entry[]) => Promise<readonly Result[]> {
  return async (entries) => (await Promise.all(entries.map((entry) => send([entry])))).flat()
}
