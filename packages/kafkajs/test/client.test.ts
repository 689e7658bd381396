import type { Socket } from 'node:net'
import type { DriverContext } from '@holdfast/core'
import { expect, test } from 'vitest'
import { createGroupConsumer } from '../src/client.ts'
import { NO_CLAIM } from '../src/group/claim.ts'
import type { ISocketFactory } from '../src/internals/kafkajs.ts'
import { OpenSockets } from '../src/internals/open-sockets.ts'
import { resolveKafkajsOptions } from '../src/options.ts'
import { quietLogger } from './support/quiet-logger.ts'

interface Connections {
  readonly connectionPoolBuilder: { build(): Promise<{ readonly socketFactory: ISocketFactory }> }
}

/** A connection of a consumer that fetches so much at a time; nobody answers it. */
async function connectionOf(fetchMaxBytes: number): Promise<Socket> {
  const { promise, resolve } = Promise.withResolvers<Connections>()
  const context = { groupId: 'g', partitionAssignmentStrategy: ['range'], logger: quietLogger, fetchMaxBytes }
  createGroupConsumer(resolveKafkajsOptions({ brokers: ['127.0.0.1:1'] }), context as unknown as DriverContext, {
    sockets: new OpenSockets(),
    claim: () => NO_CLAIM,
    created: (cluster) => resolve(cluster as unknown as Connections),
  })
  const { socketFactory } = await (await promise).connectionPoolBuilder.build()
  const args = { host: '127.0.0.1', port: 1, ssl: undefined as never, onConnect: () => undefined }
  return socketFactory(args).on('error', () => undefined)
}

test.each([
  [10_485_760, 120_000_000, true],
  [10_485_760, 200_000_000, false],
  [209_715_200, 200_000_000, true],
  [209_715_200, 400_000_000, false],
])('a consumer that fetches %i bytes at a time takes a response of %i: %s', async (fetchMaxBytes, bytes, isTaken) => {
  const socket = await connectionOf(fetchMaxBytes)
  const head = Buffer.alloc(4)
  head.writeInt32BE(bytes)
  socket.emit('data', head)
  expect(socket.destroyed).toBe(!isTaken)
  socket.destroy()
})
