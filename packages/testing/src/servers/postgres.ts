import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type GuardedFolder, guardedFolder } from '../kafka/jvm/guarded-folder.ts'
import { freePorts } from '../kafka/ports.ts'
import { ProvisioningError } from '../kafka/provisioning-error.ts'
import { containerWay } from './container-way.ts'
import { climbTo } from './ladder.ts'
import { ownProcess } from './own-process.ts'
import { askPostgres } from './postgres-handshake.ts'
import { findProgram, postgresFolders } from './programs.ts'
import type { ServerWay, TestServer, TestServerOptions } from './test-server.ts'

const PORT = 5_432
const run = promisify(execFile)

/**
 * A Postgres that answers: `DATABASE_URL` if set, else the one on this machine's port 5432 if it lets the user `postgres` in,
 * else a process of `postgres` in a folder of `initdb` that ends with this one, else a container.
 *
 * @throws ProvisioningError listing every way tried, why it failed and what to install
 */
export function postgres(options: TestServerOptions = {}): Promise<TestServer> {
  return climbTo('postgres', [external, local, started, inContainer], options)
}

const external: ServerWay = {
  label: 'DATABASE_URL',
  isOwn: false,
  async bringUp({ env }) {
    const url = env.DATABASE_URL
    if (!url)
      return { absent: 'DATABASE_URL is not set', remedy: 'set it to postgres://user:password@host:port/database' }
    const { hostname, port } = new URL(url)
    if (hostname !== '' && (await askPostgres(hostname, Number(port || PORT))) === 'silent')
      throw new ProvisioningError(
        'SERVER_NOT_READY',
        `DATABASE_URL: no Postgres answers at ${hostname}:${port || PORT}`,
      )
    return { url, title: 'DATABASE_URL', dispose: async () => undefined }
  },
}

const local: ServerWay = {
  label: 'this machine',
  isOwn: false,
  async bringUp() {
    const answer = await askPostgres('127.0.0.1', PORT)
    if (answer === 'silent') return { absent: `no Postgres answers on port ${PORT}` }
    if (answer === 'closed')
      return { absent: `the Postgres on port ${PORT} wants a password`, remedy: 'set DATABASE_URL' }
    return { url: urlOf('127.0.0.1', PORT), title: `127.0.0.1:${PORT}`, dispose: async () => undefined }
  },
}

const started: ServerWay = {
  label: 'postgres',
  isOwn: true,
  async bringUp({ args, env }) {
    const initdb = findProgram('initdb', env, postgresFolders())
    if (initdb === undefined) return { absent: 'there is no initdb', remedy: 'install PostgreSQL' }
    const user = await userOf(env)
    if (user === undefined) return { absent: 'postgres does not run as root, and there is no user postgres or nobody' }
    const folder = await guardedFolder(join(tmpdir(), 'holdfast-postgres-'), env)
    try {
      return await startIn(folder, dirname(initdb), user, args, env)
    } catch (error) {
      await folder.remove()
      throw new ProvisioningError('SERVER_NOT_READY', 'postgres did not start', [], { cause: error })
    }
  },
}

const inContainer = containerWay({
  image: 'postgres:17',
  port: PORT,
  environment: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
  command: ['postgres', '-c', 'fsync=off'],
  url: urlOf,
})

/** Whoever starts the programs: this process, or where that is root another user, in the words of `setpriv`. */
type AsUser = readonly string[]

async function userOf(env: NodeJS.ProcessEnv): Promise<AsUser | undefined> {
  if (process.getuid?.() !== 0) return []
  const lines = await readFile('/etc/passwd', 'utf8').then(
    (text) => text.split('\n').map((line) => line.split(':')),
    () => [],
  )
  const found = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody')
  const setpriv = findProgram('setpriv', env)
  if (found === undefined || setpriv === undefined) return undefined
  return [setpriv, '--reuid', found[2] as string, '--regid', found[3] as string, '--clear-groups']
}

async function startIn(
  folder: GuardedFolder,
  bin: string,
  user: AsUser,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
) {
  // Another user makes the data folder; this one keeps the log and the number of the process beside it.
  await chmod(folder.path, 0o711)
  const home = join(folder.path, 'home')
  const data = join(home, 'data')
  await mkdir(home)
  await chmod(home, 0o777)
  const make = [...user, join(bin, 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8']
  await run(make[0] as string, make.slice(1), { cwd: home, env: { ...env, LC_ALL: 'C' } })
  const [port] = (await freePorts(1)) as [number]
  const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${home}`]
  const serve = [
    ...user,
    join(bin, 'postgres'),
    '-D',
    data,
    '-p',
    String(port),
    ...settings.flatMap((setting) => ['-c', setting]),
    ...args,
  ]
  const server = ownProcess({
    folder,
    command: serve[0] as string,
    args: serve.slice(1),
    env: { ...env, LC_ALL: 'C' },
    isUp: async () => (await askPostgres('127.0.0.1', port)) === 'open',
  })
  await server.start()
  return {
    url: urlOf('127.0.0.1', port),
    title: `${join(bin, 'postgres')} on port ${port}`,
    process: server,
    dispose: async () => {
      await server.kill()
      await folder.remove()
    },
  }
}

function urlOf(host: string, port: number): string {
  return `postgres://postgres@${host}:${port}/postgres`
}
