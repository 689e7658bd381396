import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { InternalFault } from '../../src/internals/fault.ts'
import { createFrameGuard, type FrameGuardOptions } from '../../src/internals/frame-guard.ts'
import { Kafka, logLevel } from '../../src/internals/kafkajs.ts'

const servers: net.Server[] = []
const sockets: net.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: net.Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as net.AddressInfo).port
}

/** A server that writes the chunks one by one, each after the last has left, and stays open. */
function speak(chunks: readonly Buffer[]): Promise<number> {
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.push(socket)
    const [first, ...rest] = chunks
    const writeNext = (chunk: Buffer | undefined): void => {
      if (chunk) socket.write(chunk, () => setImmediate(() => writeNext(rest.shift())))
    }
    writeNext(first)
  })
  return listen(server)
}

const NO_SSL = undefined as never

function open(port: number, options: FrameGuardOptions = {}) {
  const guard = createFrameGuard(options)
  const received: Buffer[] = []
  const onConnect = vi.fn()
  const socket = guard.socketFactory({ host: '127.0.0.1', port, ssl: NO_SSL, onConnect })
  sockets.push(socket)
  socket.on('data', (chunk) => received.push(chunk))
  return { guard, received, socket, onConnect, address: `127.0.0.1:${port}` }
}

async function openBroken(chunks: readonly Buffer[], options: FrameGuardOptions = {}) {
  const opened = open(await speak(chunks), options)
  const [error] = (await once(opened.socket, 'error')) as [Error]
  return { ...opened, error }
}

function lengthThen(length: number, bodyBytes = 0): Buffer {
  const bytes = Buffer.alloc(4 + bodyBytes, 1)
  bytes.writeInt32BE(length)
  return bytes
}

describe('good frames', () => {
  it('arrive whole and uncopied whatever way they are cut', async () => {
    const stream = Buffer.concat([lengthThen(4, 4), lengthThen(300, 300), lengthThen(8, 8)])
    const cuts = [1, 3, 4, 5, 9, 10, 200, 315]
    const chunks = [...cuts, stream.length].map((end, i) => stream.subarray(cuts[i - 1] ?? 0, end))
    const { received, socket, onConnect, guard, address } = open(await speak(chunks))
    while (Buffer.concat(received).length < stream.length) await once(socket, 'data')
    expect(Buffer.concat(received)).toEqual(stream)
    expect(onConnect).toHaveBeenCalledOnce()
    expect(socket.destroyed).toBe(false)
    expect(guard.lastProtocolFault(address)).toBeUndefined()
  })
})

describe('bad lengths', () => {
  it.each([0, -1, 3, -(2 ** 31), 2 ** 31 - 1, 1_001])('of %i end the connection', async (length) => {
    const chunks = [lengthThen(10, 10), lengthThen(length, 20)]
    const { error, received, socket } = await openBroken(chunks, { maxFrameBytes: 1_000 })
    expect(error).toBeInstanceOf(InternalFault)
    expect(error.message).toContain(`sent a response length of ${length} bytes`)
    expect(error).toMatchObject({ code: 'HF_PROTOCOL', details: { frameBytes: length } })
    expect(Buffer.concat(received).length).toBeLessThanOrEqual(14)
    expect(socket.destroyed).toBe(true)
  })

  it('are found when cut into single bytes, and kept from every listener', async () => {
    const chunks = [...lengthThen(-5)].map((byte) => Buffer.of(byte))
    const { error, received } = await openBroken(chunks)
    expect(error.message).toMatch(/^127\.0\.0\.1:\d+ does not speak the Kafka protocol: it sent/)
    expect(Buffer.concat(received).length).toBeLessThan(4)
  })

  it('are reported once and remembered until the address answers properly', async () => {
    const onFault = vi.fn()
    let answer = lengthThen(0)
    const server = net.createServer((socket) => {
      sockets.push(socket)
      socket.write(answer)
    })
    const port = await listen(server)
    const { guard, socket, address } = open(port, { onFault })
    const [error] = await once(socket, 'error')
    expect(onFault.mock.calls).toEqual([[error, address]])
    expect(guard.lastProtocolFault(address)).toBe(error)

    answer = lengthThen(4, 4)
    const again = guard.socketFactory({ host: '127.0.0.1', port, ssl: NO_SSL, onConnect: () => {} })
    sockets.push(again)
    await once(again, 'data')
    expect(guard.lastProtocolFault(address)).toBeUndefined()
    expect(onFault).toHaveBeenCalledOnce()
  })
})

describe('peers that are no brokers', () => {
  it.each<[string, Buffer, string]>([
    ['a TLS alert', Buffer.from('15030300020228', 'hex'), 'answered with a TLS alert (set ssl'],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), 'the first bytes are "SSH-2.0-OpenSSH_9.2"'],
    ['control characters', Buffer.from('HTTP\x1b[31m\r\n'), 'the first bytes are "HTTP.[31m"'],
  ])('are named: %s', async (_, bytes, text) => {
    const { error } = await openBroken([bytes])
    expect(error.message).toContain(text)
  })

  it('reach the caller of kafkajs with the reason, an HTTP server here', async () => {
    const port = await listen(http.createServer())
    const address = `127.0.0.1:${port}`
    const onFault = vi.fn()
    const { socketFactory } = createFrameGuard({ onFault })
    const kafka = new Kafka({
      brokers: [address],
      socketFactory,
      logLevel: logLevel.NOTHING,
      retry: { retries: 1, initialRetryTime: 1 },
    })
    const admin = kafka.admin()
    const error = await admin.connect().catch((thrown: unknown) => thrown)
    await admin.disconnect()
    const reason = `${address} does not speak the Kafka protocol: the first bytes are "HTTP/1.1 400`
    expect(error).toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      message: expect.stringContaining(`Connection error: ${reason}`),
      cause: { name: 'KafkaJSConnectionError', code: 'HF_PROTOCOL' },
    })
    expect(onFault).toHaveBeenCalledTimes(2)
  })
})

describe('the factory underneath', () => {
  it('gets what kafkajs gave and may be replaced', () => {
    const socket = new net.Socket()
    const socketFactory = vi.fn(() => socket)
    const args = { host: 'broker', port: 9092, ssl: { ca: 'x' }, onConnect: () => {} }
    expect(createFrameGuard({ socketFactory }).socketFactory(args)).toBe(socket)
    expect(socketFactory).toHaveBeenCalledExactlyOnceWith(args)
  })
})
