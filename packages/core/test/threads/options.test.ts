import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { warnings } from '../../src/config/rules.ts'
import { on } from '../../src/pipeline/handler.ts'
import type { ThreadContext, ThreadHandler } from '../../src/pipeline/thread-handler.ts'
import { ScriptedDriver } from '../support/scripted-driver.ts'

const module = new URL('file:///srv/render%20pages.ts')
const thread = on('pdf', { isolate: 'thread' }, module)
const here = on('mail', () => undefined)
const resolve = (options: Partial<ConsumerOptions>) =>
  resolveConfig({ driver: new ScriptedDriver().factory, groupId: 'g', handlers: [thread], ...options }).config

test('a module is named by its file', () => {
  expect(thread).toMatchObject({ name: 'render pages', topics: ['pdf'], batch: false, module })
})

test.each<[string, unknown[], RegExp]>([
  ['a function in a thread', [{ isolate: 'thread' }, () => undefined], /a function, which cannot be sent to a thread/],
  ['nothing in a thread', [{ isolate: 'thread' }], /no file to load/],
  ['a path in a thread', [{ isolate: 'thread' }, './render.ts'], /no file to load/],
  ['a page of the web', [{ isolate: 'thread' }, new URL('https://localhost/render.js')], /no file to load/],
  ['a module here', [{}, module], /runs in a thread only[\s\S]*add isolate: 'thread'/],
  ['a module alone', [module], /runs in a thread only|no function/],
  ['another isolation', [{ isolate: 'process' }, module], /isolate = process/],
])('%s is refused', (_, given, reason) => {
  const call = () => (on as unknown as (...given: unknown[]) => unknown)('pdf', ...given)
  expect(call).toThrow(expect.objectContaining({ code: 'HF_OPTION_INVALID', message: expect.stringMatching(reason) }))
})

test('types: a thread takes a module, and a module a thread', () => {
  const refused = [
    // @ts-expect-error a function cannot be sent to a thread
    () => on('pdf', { isolate: 'thread' }, () => undefined),
    // @ts-expect-error without isolate a handler is a function
    () => on('pdf', {}, module),
    // @ts-expect-error there is no settling in a thread
    (context: ThreadContext) => context.settle,
    // @ts-expect-error nor a signal
    (context: ThreadContext) => context.signal,
  ]
  const handler: ThreadHandler<{ pages: number }> = ({ value, key }) => [value.pages.toFixed(), key?.byteLength]
  expect([...refused, handler]).toHaveLength(5)
})

test('where all handlers run in threads there are as many slots as threads', () => {
  expect(resolve({})).toMatchObject({
    concurrency: availableParallelism(),
    threads: { maxThreads: availableParallelism(), idleTimeoutMs: 30_000 },
  })
  expect(resolve({ threads: { maxThreads: 3 } })).toMatchObject({ concurrency: 3, threads: { maxThreads: 3 } })
  expect(resolve({ concurrency: 'auto', threads: { maxThreads: 3 } })).toMatchObject({ maxConcurrency: 3 })
  expect(resolve({ concurrency: 7 }).concurrency).toBe(7)
  expect(resolve({ handlers: [thread, here] }).concurrency).toBe(10)
  expect(resolve({ handlers: [here] }).threads).toBeUndefined()
})

test('more slots than threads are warned of', () => {
  expect(warnings(resolve({ threads: { maxThreads: 3 } }))).toEqual([])
  expect(warnings(resolve({ concurrency: 8, threads: { maxThreads: 3 } }))).toEqual([
    expect.stringMatching(/concurrency = 8 is more than threads\.maxThreads = 3: .*render pages/),
  ])
})

test.each<[string, Partial<ConsumerOptions>, RegExp]>([
  ['threads for no one', { handlers: [here], threads: { maxThreads: 1 } }, /threads has no effect/],
  ['no thread', { threads: { maxThreads: 0 } }, /threads = .* is not allowed/],
  ['memory that V8 cannot start in', { threads: { resourceLimits: { maxOldGenerationSizeMb: 2 } } }, /at least 16/],
  ['an unknown limit', { threads: { resourceLimits: { heap: 1 } as object } }, /threads = .* is not allowed/],
])('%s: refused', (_, options, reason) => {
  expect(() => resolve(options)).toThrow(reason)
})
