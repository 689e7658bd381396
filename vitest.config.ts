import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { missingServers } from './packages/testing/src/servers/missing.ts'

const shared = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }

const unit = {
  // Property tests take moments on a free machine, and many times that beside brokers on a busy one.
  testTimeout: 30_000,
}
/** To load the sources again for each file takes a third as long as all of the tests. */
const together = { isolate: false, restoreMocks: true }
/** kafkajs is patched for the whole process: these show it with and without. */
const PATCHING = ['packages/kafkajs/test/internals/**/*.test.ts']
const WITH_SERVERS = ['**/*.kafka.test.ts', '**/*.store.test.ts']
const NOT_SOURCE = ['**/node_modules/**', '**/dist/**']

// Most processes that tests start load the same sources.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('.holdfast/compile-cache', import.meta.url))

const missing = await missingServers()
const withoutServers =
  missing.length === 0 ? [] : ['**/*.store.test.ts', 'packages/idempotency/test/**/*.kafka.test.ts']
if (missing.length > 0)
  process.stderr.write(
    `no ${missing.join(', no ')}: ${withoutServers.join(', ')} are left out; install it, or start Docker\n`,
  )

/**
 * Projects by what a test needs: `.test.ts` nothing (`unit`, or `patched` for the patches of kafkajs); `.kafka.test.ts` a real
 * broker, and `.store.test.ts` a Redis and a Postgres, which the run shares. Where these cannot be had, what needs them is left
 * out, and told.
 */
export default defineConfig({
  test: {
    // Tests against a broker mostly wait: more of them than cores run side by side.
    maxWorkers: 4,
    reporters: ['default', ['json', { outputFile: '.holdfast/test-results.json' }]],
    projects: [
      {
        ...shared,
        test: {
          ...unit,
          name: 'unit',
          include: [
            '{packages,examples}/*/test/**/*.test.ts',
            'scripts/**/*.test.ts',
            '{bench,chaos,fuzz,story}/test/**/*.test.ts',
          ],
          exclude: [...WITH_SERVERS, ...PATCHING, ...NOT_SOURCE],
          ...together,
        },
      },
      { ...shared, test: { ...unit, name: 'patched', include: PATCHING, exclude: [...WITH_SERVERS, ...NOT_SOURCE] } },
      {
        ...shared,
        test: {
          name: 'kafka',
          include: ['{packages,examples}/*/test/**/*.kafka.test.ts', '{chaos,story}/test/**/*.kafka.test.ts'],
          exclude: [...withoutServers, ...NOT_SOURCE],
          ...together,
          globalSetup: ['packages/testing/src/kafka/vitest-global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'store',
          include: ['packages/*/test/**/*.store.test.ts'],
          exclude: [...withoutServers, ...NOT_SOURCE],
          ...together,
          globalSetup: ['packages/testing/src/servers/vitest-global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
