import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorsPage, optionsPage } from './tables.ts'

const docs = join(import.meta.dirname, '..', 'docs')
writeFileSync(join(docs, 'options.md'), optionsPage())
writeFileSync(join(docs, 'errors.md'), errorsPage())
