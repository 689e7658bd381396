import { expect, test } from 'vitest'
import type { BrokerInternals, ClusterInternals, FetchRequest, MakeRequest } from '../../src/internals/cluster.ts'
import { aside, type DoorHooks, openDoor } from '../../src/internals/door.ts'

const FETCH = 1
const kafkajsDecode = async (): Promise<unknown> => ({})

/** How the broker behind the door decodes the answer to a fetch. */
async function decoderOf(request: FetchRequest): Promise<unknown> {
  let decode: unknown
  const make: MakeRequest = () => ({
    request: { apiVersion: 11 },
    response: { decode: kafkajsDecode, parse: kafkajsDecode },
  })
  const broker = {
    lookupRequest: (): MakeRequest => make,
    fetch(fields: FetchRequest) {
      decode = (this.lookupRequest as (apiKey: number) => MakeRequest)(FETCH)(fields).response.decode
      return Promise.resolve({ responses: [] })
    },
  }
  const cluster = { findBroker: async () => broker } as unknown as ClusterInternals
  openDoor(cluster, {
    decoding: { maxInflatedBytes: 1, checkCrcs: false },
    wantsRejoin: () => false,
    fetch: (each, send) => send(each),
  } as DoorHooks)
  const door: BrokerInternals = await cluster.findBroker({ nodeId: 0 })
  await door.fetch(request)
  return decode
}

test.each([
  ['of what the consumer reads', (request: FetchRequest) => request],
  ['beside it, also as the first of its broker', aside],
])('an answer %s is decoded here', async (_what, made) => {
  const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: '0', maxBytes: 1 }] }]
  expect(await decoderOf(made({ topics }))).not.toBe(kafkajsDecode)
})
