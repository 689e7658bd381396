import { expect, test } from 'vitest'
import { migrationSql } from '../../src/postgres/migrations.ts'
import { quotedTable } from '../../src/postgres/table-name.ts'

test('a name is quoted, its schema apart', () => {
  expect(quotedTable('claims')).toBe('"claims"')
  expect(quotedTable('my_app.claims_2')).toBe('"my_app"."claims_2"')
})

test.each(['', 'a"b', 'a; drop table x', 'a.b.c', 'A', '1a', 'a-b', `${'a'.repeat(64)}`, 'a.', '.a', 'a\0'])(
  '%j is refused',
  (name) => {
    expect(() => quotedTable(name)).toThrow(/table = .* is not allowed/)
  },
)

test('the text of the migration names the table and its index', () => {
  const sql = migrationSql('my_app.claims')
  expect(sql).toMatch(/create table if not exists "my_app"."claims" \(/)
  expect(sql).toMatch(/create index if not exists "claims_expires" on "my_app"."claims" \(expires\);\n$/)
})

test('tables whose long names differ at their ends have an index each', () => {
  const names = ['1', '2'].map(
    (end) => /create index if not exists "(.*?)"/.exec(migrationSql('x'.repeat(62) + end))?.[1],
  )
  expect(new Set(names).size).toBe(2)
  for (const name of names) expect(name).toMatch(/^x+_[0-9a-f]{8}_expires$/)
  expect(names.map((name) => name?.length)).toEqual([63, 63])
})
