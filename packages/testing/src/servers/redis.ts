import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GuardedFolder, guardedFolder } from '../kafka/jvm/guarded-folder.ts'
import { freePorts } from '../kafka/ports.ts'
import { ProvisioningError } from '../kafka/provisioning-error.ts'
import { containerWay } from './container-way.ts'
import { dial } from './dial.ts'
import { climbTo } from './ladder.ts'
import { ownProcess } from './own-process.ts'
import { findProgram } from './programs.ts'
import type { ServerWay, TestServer, TestServerOptions } from './test-server.ts'

const PORT = 6_379

/**
 * A Redis that answers: `REDIS_URL` if set, else the one on this machine's port 6379, else a process of `redis-server` that ends
 * with this one, else a container.
 *
 * @throws ProvisioningError listing every way tried, why it failed and what to install
 */
export function redis(options: TestServerOptions = {}): Promise<TestServer> {
  return climbTo('redis', [external, local, started, inContainer], options)
}

const external: ServerWay = {
  label: 'REDIS_URL',
  isOwn: false,
  async bringUp({ env }) {
    const url = env.REDIS_URL
    if (!url) return { absent: 'REDIS_URL is not set', remedy: 'set it to redis://host:port' }
    const { hostname, port } = new URL(url)
    // It was asked for, so nothing else is tried instead. One with a password or TLS refuses in its own way, which is an answer.
    if (!url.startsWith('rediss:') && (await ping(hostname, Number(port || PORT))) === undefined)
      throw new ProvisioningError('SERVER_NOT_READY', `REDIS_URL: no Redis answers at ${hostname}:${port || PORT}`)
    return { url, title: 'REDIS_URL', dispose: async () => undefined }
  },
}

const local: ServerWay = {
  label: 'this machine',
  isOwn: false,
  async bringUp() {
    const answer = await ping('127.0.0.1', PORT)
    if (answer !== '+PONG') return { absent: `no Redis that is open to everybody answers on port ${PORT}` }
    return { url: `redis://127.0.0.1:${PORT}`, title: `127.0.0.1:${PORT}`, dispose: async () => undefined }
  },
}

/** A port can be taken meanwhile; that of a cluster's bus, 10,000 above, was not even asked for. */
const STARTS = 3

const started: ServerWay = {
  label: 'redis-server',
  isOwn: true,
  async bringUp({ args, env }) {
    const command = findProgram('redis-server', env)
    if (command === undefined) return { absent: 'there is no redis-server', remedy: 'install Redis' }
    let failure: unknown
    for (let attempt = 1; attempt <= STARTS; attempt += 1) {
      const folder = await guardedFolder(join(tmpdir(), 'holdfast-redis-'), env)
      try {
        return await startIn(folder, command, args, env)
      } catch (error) {
        await folder.remove()
        failure = error
      }
    }
    throw new ProvisioningError('SERVER_NOT_READY', 'redis-server did not start', [], { cause: failure })
  },
}

async function startIn(folder: GuardedFolder, command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const [port] = (await freePorts(1)) as [number]
  const process = ownProcess({
    folder,
    command,
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder.path, ...args],
    env,
    isUp: async () => (await ping('127.0.0.1', port)) === '+PONG',
  })
  await process.start()
  return {
    url: `redis://127.0.0.1:${port}`,
    title: `redis-server on port ${port}`,
    process,
    dispose: async () => {
      await process.kill()
      await folder.remove()
    },
  }
}

const inContainer = containerWay({
  image: 'redis:7',
  port: PORT,
  command: ['redis-server', '--save', ''],
  url: (host, port) => `redis://${host}:${port}`,
})

/** The first line of its answer. */
async function ping(host: string, port: number): Promise<string | undefined> {
  const answer = await dial(host, port, 'PING\r\n')
  return answer?.toString('latin1').split('\r\n')[0]
}
