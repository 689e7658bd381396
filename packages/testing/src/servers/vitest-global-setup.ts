import type {} from 'vitest'

import { postgres } from './postgres.ts'
import { redis } from './redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the Redis that the test files of this run share. */
    redisUrl: string
    /** Of the Postgres that the test files of this run share. */
    databaseUrl: string
  }
}

/** What of vitest's project the set-up needs. */
export interface ServersProject {
  provide(key: 'redisUrl' | 'databaseUrl', value: string): void
}

/**
 * A vitest `globalSetup`: one Redis and one Postgres for all test files of a run, by `inject('redisUrl')` and
 * `inject('databaseUrl')`. Tests that break a server bring up one of their own by `redis({ own: true })`.
 */
export async function setup(project: ServersProject): Promise<() => Promise<void>> {
  const servers = await Promise.all([redis(), postgres()])
  project.provide('redisUrl', servers[0].url)
  project.provide('databaseUrl', servers[1].url)
  return async () => {
    await Promise.all(servers.map((server) => server.stop()))
  }
}
