import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/look-up/database.ts'
import { databaseLookUp } from '../../src/look-up/look-up.ts'

const request = { id: 'x', to: 'ann@example.com', template: 'welcome', data: {} }
const found = { name: 'Ann', subject: 'Hi', body: 'Hello' }
const databaseOf = (answer: Promise<readonly unknown[]>): Database => ({
  query: <Row>() => answer as Promise<readonly Row[]>,
  [Symbol.asyncDispose]: async () => undefined,
})
const never = new Promise<never>(() => undefined)

describe('a look-up', () => {
  it('answers what the database has', async () => {
    const lookUp = databaseLookUp(databaseOf(Promise.resolve([found])), () => 0)
    await expect(lookUp(request, new AbortController().signal)).resolves.toEqual(found)
  })

  it('is refused, without the address, where there is nothing', async () => {
    const lookUp = databaseLookUp(databaseOf(Promise.resolve([])), () => 0)
    await expect(lookUp(request, new AbortController().signal)).rejects.toThrow(/^(?!.*ann@).*"welcome"/)
  })

  it.each([
    ['its time', () => 60_000, Promise.resolve([found])],
    ['the query', () => 0, never],
  ])('ends during %s when the signal aborts', async (_, time, answer) => {
    const abort = new AbortController()
    const result = databaseLookUp(databaseOf(answer), time)(request, abort.signal)
    setImmediate(() => abort.abort(new Error('revoked')))
    await expect(result).rejects.toThrow(/revoked|aborted/)
  })
})
