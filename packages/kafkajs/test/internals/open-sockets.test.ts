import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { OpenSockets } from '../../src/internals/open-sockets.ts'

test('closing ends every connection that is open, and every one that is opened later', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sockets = new OpenSockets()
  const errors: string[] = []
  const open = (): Socket =>
    sockets.track(connect(port)).on('error', ({ message }) => {
      errors.push(message)
    })
  const [first, second] = [open(), open()]
  await Promise.all([once(first, 'connect'), once(second, 'connect')])
  first.destroy()
  await closed(first)
  sockets.close()
  await closed(second)
  const late = open()
  await closed(late)
  expect(errors).toEqual(['the client has stopped', 'the client has stopped'])
  expect([first, second, late].map(({ destroyed }) => destroyed)).toEqual([true, true, true])
  server.close()
  await once(server, 'close')
})

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()))
