import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, fixture, MODES, node, removeFolder, temporaryFolder } from './support/compiled.ts'

const worked = {
  seen: ['counted 6', 'sent a in mail-sender', 'sent b in mail-sender'],
  committed: [
    ['mail-counter mail.counted', 3],
    ['mail-sender mail.requested', 2],
  ],
}

let folder = ''
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => removeFolder(folder))

describe.each(MODES)('%s decorators', (mode) => {
  it('type check, compile and run', { timeout: 20_000 }, async () => {
    const compiled = await compile(mode, join(folder, mode))
    expect(compiled).toMatchObject({ code: 0, stdout: '' })

    const run = await node(fixture(join(folder, mode), 'worker'))
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(run.stdout)).toEqual(worked)
  })
})

it('runs what esbuild compiled', { timeout: 20_000 }, async () => {
  const outfile = join(folder, 'esbuild/worker.js')
  const entry = fileURLToPath(new URL('fixtures/worker.ts', import.meta.url))
  const format = { bundle: true, packages: 'external', format: 'esm', target: 'es2022' } as const
  await build({ entryPoints: [entry], outfile, ...format, logLevel: 'silent' })

  const run = await node(outfile)
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(run.stdout)).toEqual(worked)
})
