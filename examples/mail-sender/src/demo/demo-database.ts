import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { sampleDatabaseSql } from '../look-up/sql-files.ts'

/** The database that the workers are given. */
export interface DemoDatabase extends AsyncDisposable {
  /** `undefined`: each worker has an embedded one. */
  readonly url: string | undefined
  /** Which was taken, and why. */
  readonly description: string
}

const LOCAL = '127.0.0.1:5432'

/**
 * The server that DATABASE_URL names, else one on this machine, each with tables of the demo's own that disposing
 * removes; else PGlite inside each worker.
 */
export async function demoDatabase(choice: 'auto' | 'pglite', env: NodeJS.ProcessEnv): Promise<DemoDatabase> {
  if (choice === 'pglite') return embedded('--database pglite asks for it')
  if (env.DATABASE_URL) return inSchema(env.DATABASE_URL)
  const user = env.PGUSER || 'postgres'
  const credentials = [user, ...(env.PGPASSWORD ? [env.PGPASSWORD] : [])].map(encodeURIComponent).join(':')
  try {
    return await inDatabase(`postgres://${credentials}@${LOCAL}`, user)
  } catch (error) {
    return embedded(`DATABASE_URL is not set · ${LOCAL} cannot be used (${reasonOf(error)})`)
  }
}

function embedded(reason: string): DemoDatabase {
  return {
    url: undefined,
    description: `database: PGlite inside each worker · ${reason}`,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function inSchema(given: string): Promise<DemoDatabase> {
  const schema = freshName()
  const url = new URL(given)
  const options = url.searchParams.get('options')
  url.searchParams.set('options', `${options === null ? '' : `${options} `}-c search_path=${schema}`)
  await execute(given, `create schema ${schema}`)
  const remove = (): Promise<void> => execute(given, `drop schema if exists ${schema} cascade`)
  await fill(url.href, remove)
  return {
    url: url.href,
    description: `database: the Postgres of DATABASE_URL, schema ${schema}`,
    [Symbol.asyncDispose]: remove,
  }
}

async function inDatabase(server: string, user: string): Promise<DemoDatabase> {
  const name = freshName()
  const url = `${server}/${name}`
  const maintenance = `${server}/postgres`
  await execute(maintenance, `create database ${name}`)
  const remove = (): Promise<void> => execute(maintenance, `drop database if exists ${name} with (force)`)
  await fill(url, remove)
  return {
    url,
    description: `database: Postgres on ${LOCAL} as ${user}, database ${name} · DATABASE_URL is not set`,
    [Symbol.asyncDispose]: remove,
  }
}

/** Nothing half made stays behind. */
async function fill(url: string, remove: () => Promise<void>): Promise<void> {
  try {
    await execute(url, await sampleDatabaseSql())
  } catch (error) {
    await remove()
    throw error
  }
}

async function execute(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(sql)
  } finally {
    await client.end()
  }
}

function freshName(): string {
  return `holdfast_demo_${randomBytes(4).toString('hex')}`
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  return message || code || String(error)
}
