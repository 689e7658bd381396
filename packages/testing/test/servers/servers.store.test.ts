import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { missingServers } from '../../src/servers/missing.ts'
import { postgres } from '../../src/servers/postgres.ts'
import { findProgram, postgresFolders } from '../../src/servers/programs.ts'
import { redis } from '../../src/servers/redis.ts'

const silent = { log: () => undefined }
const isListening = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port) })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

test.skipIf(findProgram('redis-server', process.env) === undefined)(
  'a Redis of its own comes and goes, and takes a kill',
  async () => {
    const server = await redis({ own: true, ...silent })
    expect(server.description).toMatch(/^redis: redis-server on port \d+/)
    await server.process?.kill()
    expect(await isListening(server.url)).toBe(false)
    await server.process?.start()
    expect(await isListening(server.url)).toBe(true)
    await server.stop()
    expect(await isListening(server.url)).toBe(false)
  },
)

test.skipIf(findProgram('initdb', process.env, postgresFolders()) === undefined)(
  'a Postgres of its own comes and goes',
  async () => {
    const server = await postgres({ own: true, ...silent })
    expect(server.url).toMatch(/^postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres$/)
    expect(await isListening(server.url)).toBe(true)
    await server.stop()
    expect(await isListening(server.url)).toBe(false)
  },
)

test('where nothing can be had, every way that was tried is told', async () => {
  const env = { PATH: '', DOCKER_HOST: 'tcp://127.0.0.1:1' }
  await expect(redis({ own: true, env, ...silent })).rejects.toMatchObject({
    code: 'SERVER_NOT_FOUND',
    message: expect.stringMatching(
      /no redis could be brought up:\n {2}- redis-server: there is no redis-server; install Redis/,
    ),
  })
})

test('a server that was named and does not answer is not replaced', async () => {
  await expect(redis({ env: { REDIS_URL: 'redis://127.0.0.1:1' }, ...silent })).rejects.toMatchObject({
    code: 'SERVER_NOT_READY',
  })
  const env = { DATABASE_URL: 'postgres://u@127.0.0.1:1/d' }
  await expect(postgres({ env, ...silent })).rejects.toMatchObject({ code: 'SERVER_NOT_READY' })
})

test('arguments are for a server of its own', async () => {
  await expect(redis({ args: ['--port', '1'], ...silent })).rejects.toMatchObject({ code: 'SERVER_OPTION_INVALID' })
})

test('what cannot be brought up here is named', async () => {
  const env = { PATH: '' }
  const missing = await missingServers(env)
  // Docker would have them all.
  expect(missing.length === 0 || missing.includes('Redis')).toBe(true)
  expect(await missingServers()).toEqual([])
})
