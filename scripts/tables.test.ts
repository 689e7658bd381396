import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorsPage, optionsPage } from './tables.ts'

const page = (name: string): string => readFileSync(join(import.meta.dirname, '..', 'docs', name), 'utf8')

test('docs/options.md says what the table of options says (pnpm write-docs writes it)', () => {
  expect(page('options.md')).toBe(optionsPage())
})

test('docs/errors.md says what the table of codes says (pnpm write-docs writes it)', () => {
  expect(page('errors.md')).toBe(errorsPage())
})
