import {
  type CommitRequest,
  type Driver,
  type DriverContext,
  type DriverFactory,
  type DriverLogs,
  type DriverSink,
  type OutgoingRecord,
  recordsOf,
  sourceOf,
} from '@holdfast/core'
import { expect, test } from 'vitest'
import { driverContract } from '../../src/contract/driver-contract.ts'
import { fakeEnvironment } from './fake-environment.ts'

type Break = (driver: Driver, context: DriverContext) => Partial<Driver>
type BreakSink = (sink: DriverSink) => Partial<DriverSink>

const broken =
  (breakDriver: Break, breakSink: BreakSink = () => ({})) =>
  (factory: DriverFactory): DriverFactory => ({
    name: factory.name,
    describe: () => factory.describe(),
    create(context) {
      const sink = delegate(context.sink, breakSink(context.sink))
      const driver = factory.create({ ...context, sink })
      return delegate(driver, breakDriver(driver, context))
    },
  })

/** The methods of `base`, but for those of `over`. */
function delegate<T extends object>(base: T, over: Partial<T>): T {
  return new Proxy(base, {
    get(target, name) {
      if (name in over) return Reflect.get(over, name)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** What a client does that commits under its present generation. */
function latestEpoch(factory: DriverFactory): DriverFactory {
  let epoch = 0
  const commit = (driver: Driver) => (requests: readonly CommitRequest[]) =>
    driver.commit(requests.map((request) => ({ ...request, epoch })))
  return broken(
    (driver) => ({ commit: commit(driver) }),
    (sink) => ({
      assigned(assignment) {
        const adoption = sink.assigned(assignment)
        epoch = adoption.epoch
        return adoption
      },
    }),
  )(factory)
}

function producing(change: (records: readonly OutgoingRecord[]) => readonly OutgoingRecord[]) {
  return broken((driver) => ({ produce: (records) => driver.produce(change(records)) }))
}

function looking(change: (logs: DriverLogs) => Partial<DriverLogs>) {
  return broken(({ logs }) => (logs === undefined ? {} : { logs: delegate(logs, change(logs)) }))
}

/** What most clients do, so that repeated names move together. */
function throughObject({ headers, ...record }: OutgoingRecord): OutgoingRecord {
  const byName = Map.groupBy(headers, ([name]) => name)
  return { ...record, headers: [...byName.values()].flat() }
}

const BREAKS: readonly (readonly [fault: string, wrap: (factory: DriverFactory) => DriverFactory])[] = [
  ['pause does nothing', broken(() => ({ pause: () => undefined }))],
  ['answers are not counted', broken(() => ({ answers: { total: 0, fetchesOf: () => 0, isJoining: false } }))],
  ['resume does nothing', broken(() => ({ resume: () => undefined }))],
  [
    'suspending is not awaited',
    broken(
      () => ({}),
      (sink) => ({ suspending: async () => void sink.suspending() }),
    ),
  ],
  [
    'revoking is not awaited',
    broken(
      () => ({}),
      (sink) => ({ revoking: async (partitions) => void sink.revoking(partitions) }),
    ),
  ],
  [
    'all that is assigned is said to be retainable',
    broken(
      () => ({}),
      (sink) => ({ assigned: (assignment) => sink.assigned({ ...assignment, retainable: assignment.partitions }) }),
    ),
  ],
  [
    'nothing is said to be retainable',
    broken(
      () => ({}),
      (sink) => ({ assigned: (assignment) => sink.assigned({ ...assignment, retainable: [] }) }),
    ),
  ],
  [
    'a record is left out',
    broken(
      () => ({}),
      (sink) => ({
        batch: (batch) => sink.batch({ ...batch, records: sourceOf(recordsOf(batch.records).slice(1)) }),
      }),
    ),
  ],
  [
    'batches come twice',
    broken(
      () => ({}),
      (sink) => ({
        batch: (batch) => {
          sink.batch(batch)
          sink.batch(batch)
        },
      }),
    ),
  ],
  [
    'batches carry another epoch',
    broken(
      () => ({}),
      (sink) => ({ batch: (batch) => sink.batch({ ...batch, epoch: 99 }) }),
    ),
  ],
  [
    'every commit is said to be stored',
    broken((driver) => ({ commit: async (requests) => (await driver.commit(requests)).map(() => ({ status: 'ok' })) })),
  ],
  [
    'commits are said to be stored and are not',
    broken(() => ({ commit: async (requests) => requests.map(() => ({ status: 'ok' })) })),
  ],
  [
    'one result for all requests',
    broken((driver) => ({ commit: async (requests) => (await driver.commit(requests)).slice(0, 1) })),
  ],
  [
    'advanced is not told',
    broken(
      () => ({}),
      () => ({ advanced: () => undefined }),
    ),
  ],
  [
    'start does not wait for the assignment',
    broken((driver) => ({ start: async (signal) => void driver.start(signal).catch(() => undefined) })),
  ],
  ['start does not heed its signal', broken((driver) => ({ start: () => driver.start(new AbortController().signal) }))],
  ['stop does not leave', broken(() => ({ stop: async () => undefined }))],
  ['produce writes nothing', broken(() => ({ produce: async () => undefined }))],
  ['records of a call are written in another order', producing((records) => records.toReversed())],
  ['headers go through an object', producing((records) => records.map(throughObject))],
  ['times are of the writing', producing((records) => records.map((record) => ({ ...record, timestamp: Date.now() })))],
  [
    'keys go to the next partition',
    producing((records) => records.map((record, index) => (record.key ? { ...record, partition: index % 3 } : record))),
  ],
  [
    'records for no partition are dropped',
    producing((records) => records.filter(({ partition = 0 }) => partition < 9)),
  ],
  [
    'how far the group is comes from this member alone',
    looking((logs) => ({
      standings: async (partitions) => (await logs.standings(partitions)).map(({ end }) => ({ settled: end, end })),
    })),
  ],
  [
    'the end of a log is that of a moment ago',
    looking((logs) => ({
      standings: async (partitions) =>
        (await logs.standings(partitions)).map(({ settled, end }) => ({ settled, end: Math.max(settled, end - 1) })),
    })),
  ],
  [
    'a range is read from its second record on',
    looking((logs) => ({ read: (partition, from, to) => logs.read(partition, from + 1, to) })),
  ],
  [
    'a range is read to its end and further',
    looking((logs) => ({ read: (one, from, to) => logs.read(one, from, to + 9) })),
  ],
  ['commits of an old epoch are sent under the one of now', latestEpoch],
]

test.each(BREAKS)('the contract finds a driver where %s', async (_fault, wrap) => {
  const results = await Promise.allSettled(
    driverContract({ name: 'broken', setup: () => ({ ...fakeEnvironment(wrap), deadlineMs: 200 }) }).map(({ run }) =>
      run(),
    ),
  )
  expect(results.some(({ status }) => status === 'rejected')).toBe(true)
})
