import { expect, test } from 'vitest'
import { fakeBroker } from '../../../testing/src/fake-driver.ts'
import { on } from '../../src/pipeline/handler.ts'
import { declareMiddleware } from '../../src/pipeline/middleware.ts'
import { rig, values } from '../support/harness.ts'

test('middleware of one handler has no say in where partitions of another begin, and hears nothing of them', async () => {
  const [asked, heard, handled] = [[] as string[], [] as string[], [] as string[]]
  const middleware = declareMiddleware((_, next) => next(), {
    startsAt: async (_, partitions) => {
      asked.push(...partitions.map(({ topic }) => topic))
      return partitions.map((partition) => ({ ...partition, position: 1 }))
    },
    committed: (_, { topic }) => void heard.push(topic),
  })
  const broker = fakeBroker()
  const note = ({ topic, value }: { readonly topic: string; readonly value: unknown }): void =>
    void handled.push(`${topic}${value}`)
  for (const topic of ['t', 'u']) {
    broker.createTopic(topic, 1)
    broker.produce(topic, values(0, 2))
  }
  const { clock, start } = rig({
    driver: broker.driver(),
    handlers: [on('t', { use: [middleware] }, note), on('u', note)],
  })
  start()
  await clock.advance(10_000)
  expect(handled.toSorted()).toEqual(['t1', 'u0', 'u1'])
  expect([asked, heard]).toEqual([['t'], ['t']])
})

test('a topic that two handlers claim ends the run, also where middleware says where partitions begin', async () => {
  const middleware = declareMiddleware((_, next) => next(), { startsAt: async (_, partitions) => partitions })
  const broker = fakeBroker()
  broker.createTopic('ab', 1)
  const handlers = [on(/^a/, { use: [middleware] }, () => undefined), on(/b$/, () => undefined)]
  const { clock, start, ended } = rig({ driver: broker.driver(), handlers })
  start()
  await clock.advance('10s')
  expect(ended()).toMatchObject({ code: 'HF_HANDLER_CONFLICT' })
})
