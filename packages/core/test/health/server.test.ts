import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get, request as send } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createHealthServer, type HealthServer } from '../../src/health/server.ts'
import { on } from '../../src/pipeline/handler.ts'
import { onBroker, rig, values } from '../support/harness.ts'
import { ScriptedDriver } from '../support/scripted-driver.ts'

const URLS = ['/livez', '/healthz', '/readyz'] as const

async function ask({ address }: HealthServer, path: string, method = 'GET'): Promise<Response> {
  return fetch(`http://${address.host}:${address.port}${path}`, { method, headers: { connection: 'close' } })
}

const codesOf = async (server: HealthServer): Promise<number[]> =>
  Promise.all(URLS.map(async (path) => (await ask(server, path)).status))

test('a consumer from before its start to after its end', async () => {
  const driver = new ScriptedDriver()
  const { consumer, clock, start } = rig({ driver: driver.factory })
  await using server = await createHealthServer({ consumers: [consumer], port: 0 })
  expect(server.address).toEqual({ host: '127.0.0.1', port: expect.any(Number) })
  expect(await codesOf(server)).toEqual([200, 200, 503])
  start()
  await clock.settle()
  driver.assign([{ topic: 't', partition: 0 }])
  expect(await codesOf(server)).toEqual([200, 200, 200])
  expect(await (await ask(server, '/readyz?verbose')).json()).toEqual({
    status: 'pass',
    consumers: [{ groupId: 'g', state: 'running', status: 'healthy', reasons: [] }],
  })
  await consumer.stop()
  expect(await codesOf(server)).toEqual([200, 200, 503])
})

test('a poison record fails readiness and not liveness, and the answer says why', async () => {
  const handlers = [on('t', () => Promise.reject(new Error('no')))]
  const { broker, consumer, clock } = await onBroker({ handlers, maxAttempts: 1 })
  await using server = await createHealthServer({ consumers: [consumer], port: 0 })
  broker.produce('t', values(0, 1))
  await clock.advance('1s')
  expect(await codesOf(server)).toEqual([200, 200, 503])
  expect(await (await ask(server, '/livez')).json()).toMatchObject({
    status: 'pass',
    consumers: [{ status: 'unhealthy', reasons: [{ code: 'halted', topic: 't', partition: 0 }] }],
  })
})

test('answers are not to be kept; HEAD has no body; other methods and paths are refused', async () => {
  const { consumer } = rig({ driver: new ScriptedDriver().factory })
  await using server = await createHealthServer({ consumers: [consumer], port: 0 })
  const live = await ask(server, '/livez')
  expect(live.headers.get('cache-control')).toBe('no-store')
  expect(live.headers.get('content-type')).toBe('application/json; charset=utf-8')
  const head = await ask(server, '/readyz', 'HEAD')
  expect([head.status, await head.text()]).toEqual([503, ''])
  expect(Number(head.headers.get('content-length'))).toBeGreaterThan(2)
  const post = await ask(server, '/livez', 'POST')
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  expect((await ask(server, '/')).status).toBe(404)
  expect((await ask(server, '/livez/', 'DELETE')).status).toBe(404)
})

test('a status that cannot be read fails the probe, and not the process', async () => {
  const consumers = [
    {
      status: () => {
        throw new Error('no')
      },
    },
  ]
  await using server = await createHealthServer({ consumers, port: 0 })
  expect(await codesOf(server)).toEqual([500, 500, 500])
})

test('a port that is taken is named, with what to do', async () => {
  const { consumer } = rig({ driver: new ScriptedDriver().factory })
  await using server = await createHealthServer({ consumers: [consumer], port: 0 })
  const { port } = server.address
  await expect(createHealthServer({ consumers: [consumer], port })).rejects.toMatchObject({
    code: 'HF_LISTEN_FAILED',
    message: expect.stringMatching(new RegExp(`port = ${port}: EADDRINUSE[\\s\\S]*Fix: choose another port`)),
    details: { host: '127.0.0.1', port },
  })
})

test.each([[{ port: -1 }], [{ port: 1.5 }], [{ port: 65_536 }], [{ consumers: [] }]])(
  '%j is refused',
  async (wrong) => {
    const { consumer } = rig({ driver: new ScriptedDriver().factory })
    await expect(createHealthServer({ consumers: [consumer], port: 0, ...wrong })).rejects.toMatchObject({
      code: 'HF_OPTION_INVALID',
      details: { option: Object.keys(wrong)[0] },
    })
  },
)

test('neither the server nor who is connected to it keeps the process', async () => {
  const file = fileURLToPath(new URL('./fixtures/serve-probes.ts', import.meta.url))
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const { host, port } = JSON.parse(String(await once(child.stdout, 'data')))
  const sockets = [connect(port, host), connect(port, host)]
  try {
    for (const socket of sockets) socket.on('error', () => undefined)
    sockets[0]?.write('GET /livez HTTP/1.1\r\nhost: h\r\n\r\n')
    sockets[1]?.write('GET /livez HT')
    expect(String(await once(sockets[0] as Socket, 'data'))).toMatch(/^HTTP\/1\.1 200 .*keep-alive/s)
    child.stdin.end()
    const late = sleep(3_000, 'not within 3 s', { ref: false })
    expect(await Promise.race([exited, late])).toEqual([0, null])
  } finally {
    child.kill()
    for (const socket of sockets) socket.destroy()
  }
})

test('closing ends kept connections and half requests at once, and frees the port', async () => {
  const { consumer } = rig({ driver: new ScriptedDriver().factory })
  const server = await createHealthServer({ consumers: [consumer], port: 0 })
  const { host, port } = server.address
  const agent = new Agent({ keepAlive: true })
  await new Promise<void>((resolve) =>
    get({ agent, host, port, path: '/livez' }, (response) => response.resume().once('end', resolve)),
  )
  const half = connect(port, host)
  await new Promise<void>((resolve) => half.write('GET /livez HT', () => resolve()))
  const ended = new Promise<void>((resolve) => half.once('close', () => resolve()).once('error', () => undefined))
  const began = performance.now()
  await server.close()
  await ended
  expect(performance.now() - began).toBeLessThan(1_000)
  await expect(
    new Promise((_, reject) => send({ host, port, path: '/livez' }).once('error', reject).end()),
  ).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await server.close()
  agent.destroy()
  await using again = await createHealthServer({ consumers: [consumer], port })
  expect(again.address.port).toBe(port)
})
