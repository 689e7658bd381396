import { createFakeClock, type FakeClock } from '../../../testing/src/fake-clock.ts'
import { type FakeBroker, fakeBroker } from '../../../testing/src/fake-driver.ts'
import type { Consumer } from '../../src/api.ts'
import type { ConsumerOptions } from '../../src/config/options.ts'
import { createConsumer } from '../../src/consumer.ts'
import { on } from '../../src/pipeline/handler.ts'
import type { ConsumerEvents, EventName } from '../../src/ports/events.ts'
import { ScriptedDriver } from './scripted-driver.ts'
import { silentLogger } from './silent-logger.ts'

type Options = Partial<ConsumerOptions>

export interface Told {
  readonly name: EventName
  readonly event: ConsumerEvents[EventName]
}

export interface Rig {
  readonly clock: FakeClock
  readonly consumer: Consumer
  /** What `run` came to: `running`, `resolved`, or the error it rejected with. */
  readonly ended: () => unknown
  readonly told: readonly Told[]
  events<Name extends EventName>(name: Name): ConsumerEvents[Name][]
}

const WATCHED: readonly EventName[] = [
  'consumer:state',
  'group:joined',
  'group:lost',
  'group:revoked',
  'partition:paused',
  'partition:resumed',
  'partition:halted',
  'partition:reset',
  'metadata:ignored',
  'record:skipped',
  'fetch:undecodable',
  'record:quarantined',
  'batch:received',
  'batch:dropped',
  'attempt:failed',
  'attempt:held',
  'attempt:late',
  'attempt:stale',
  'record:moved',
  'retrytopic:failed',
  'keyorder:failed',
  'record:dead',
  'record:discarded',
  'deadletter:failed',
  'filter:failed',
  'circuit:opened',
  'circuit:half-open',
  'circuit:closed',
  'poll:late',
  'poll:oversized',
  'partition:blocked',
  'loop:blocked',
  'record:settled',
  'commit:ok',
  'commit:fenced',
  'commit:unknown',
  'drain:overrun',
  'drain:ended',
  'concurrency:changed',
  'health:changed',
  'driver:crashed',
]

/** A consumer on a fake clock, with all that it tells; `start` says whether it runs at once. */
export function rig(
  options: Options & Pick<ConsumerOptions, 'driver'>,
  clock: FakeClock = createFakeClock(),
): Rig & { start(signal?: AbortSignal): void } {
  const consumer = createConsumer({
    groupId: 'g',
    order: 'partition',
    // What a test sees together must not depend on what came before; 'auto' has tests of its own.
    maxPollRecords: 500,
    clock,
    logger: silentLogger,
    retryBackoffMs: 100,
    handlers: [on('t', () => undefined)],
    ...options,
  })
  const told: Told[] = []
  for (const name of WATCHED) consumer.on(name, (event) => void told.push({ name, event }))
  let end: unknown = 'idle'
  return {
    clock,
    consumer,
    told,
    ended: () => end,
    events: <Name extends EventName>(name: Name) =>
      told.filter((entry) => entry.name === name).map(({ event }) => event as ConsumerEvents[Name]),
    start(signal) {
      end = 'running'
      consumer.run(signal === undefined ? {} : { signal }).then(
        () => {
          end = 'resolved'
        },
        (error: unknown) => {
          end = error
        },
      )
    },
  }
}

/** The consumer on a fake broker with the topic `t`, running. */
export async function onBroker(options: Options = {}, partitions = 1): Promise<Rig & { readonly broker: FakeBroker }> {
  const broker = fakeBroker()
  broker.createTopic('t', partitions)
  const made = rig({ driver: broker.driver(), ...options })
  made.start()
  await made.clock.settle()
  return { ...made, broker }
}

/** The consumer on a driver that the test plays, running with `t/0` … assigned. */
export async function onScript(
  options: Options = {},
  partitions = 1,
): Promise<Rig & { readonly driver: ScriptedDriver; readonly epoch: number }> {
  const driver = new ScriptedDriver()
  const made = rig({ driver: driver.factory, ...options })
  made.start()
  await made.clock.settle()
  const epoch = driver.assign(Array.from({ length: partitions }, (_, partition) => ({ topic: 't', partition })))
  return { ...made, driver, epoch }
}

export function values(from: number, to: number, partition = 0): { value: string; partition: number }[] {
  return Array.from({ length: to - from }, (_, index) => ({ value: String(from + index), partition }))
}

/** A handler whose calls the test ends one by one. */
export class Gate<Input = unknown> {
  readonly calls: { readonly input: Input; readonly signal: AbortSignal; end(): void; fail(error: unknown): void }[] =
    []

  readonly handle = (input: Input, { signal }: { readonly signal: AbortSignal }): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.calls.push({ input, signal, end: resolve, fail: reject })
    return promise
  }
}
