import { PGlite } from '@electric-sql/pglite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arrayLiteral } from '../../src/postgres/array-literal.ts'

test('Postgres reads what was written, whatever the texts hold', async () => {
  const db = new PGlite()
  const read = async (values: readonly (string | null)[]): Promise<unknown> =>
    (await db.query<{ read: unknown }>('select $1::text::text[] as read', [arrayLiteral(values)])).rows[0]?.read
  const hard = ['', 'NULL', 'null', '{}', ',', '"', '\\', '\\"', ' a ', "'", '\n', 'ä€😀', '{"a"}']
  expect(await read([...hard, null])).toEqual([...hard, null])
  const text = fc.string({ unit: 'binary' }).filter((each) => !each.includes('\0'))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text)).filter(holdsSome), async (values) => {
      expect(await read(values)).toEqual(values)
    }),
    { numRuns: 200 },
  )
  await db.close()
})

/** Nulls alone are no array. */
function holdsSome(values: readonly (string | null)[]): boolean {
  return values.some((value) => value !== null)
}

test('nulls alone are no array, and are nulls beside another one', async () => {
  const db = new PGlite()
  expect(arrayLiteral([null, null])).toBeNull()
  const { rows } = await db.query('select * from unnest($1::text::text[], $2::text::text[]) as read (key, value)', [
    arrayLiteral(['a', 'b']),
    arrayLiteral([null, null]),
  ])
  expect(rows).toEqual([
    { key: 'a', value: null },
    { key: 'b', value: null },
  ])
  await db.close()
})

test('numbers are written as they are', () => {
  expect(arrayLiteral([1, 2 ** 53 - 1, -1])).toBe('{1,9007199254740991,-1}')
})
