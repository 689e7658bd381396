import { type CommitRequest, type ConsumerRecord, HoldfastError, RecordHeaders } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { type Line, lineTeller } from '../../src/verifiable/lines.ts'
import { takeRecords } from '../../src/verifiable/take-records.ts'
import { tellEvents } from '../../src/verifiable/tell-events.ts'
import { FakeEvents } from './support/fake-events.ts'

function recordAt(offset: number): ConsumerRecord {
  const value = offset === 0 ? null : Buffer.from(`v${offset}`)
  return { topic: 't', partition: 1, offset, timestamp: 0, key: Buffer.from('k'), value, headers: RecordHeaders.none }
}

const recordsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => recordAt(first + index))

describe('a line', () => {
  test('is one JSON object with its time and its name first', () => {
    let text = ''
    const tell = lineTeller(
      (more) => {
        text += more
      },
      () => 7,
    )
    tell({ name: 'startup_complete' })
    tell({ name: 'record_data', key: null, value: 'a\nb', topic: 't', partition: 0, offset: 1 })
    expect(text).toBe(
      '{"timestamp":7,"name":"startup_complete"}\n' +
        '{"timestamp":7,"name":"record_data","key":null,"value":"a\\nb","topic":"t","partition":0,"offset":1}\n',
    )
  })
})

describe('records', () => {
  const take = (maxMessages: number, tellsRecords = false) => {
    const lines: Line[] = []
    let stops = 0
    const enough = (): void => {
      stops += 1
    }
    const handle = takeRecords({ tell: (line) => lines.push(line), tellsRecords, maxMessages, enough })
    return { lines, handle, stops: () => stops }
  }

  test('of a batch are told as one range', () => {
    const { lines, handle, stops } = take(Number.POSITIVE_INFINITY)
    expect(handle(recordsFrom(5, 3))).toEqual([undefined, undefined, undefined])
    expect(lines).toEqual([
      {
        name: 'records_consumed',
        count: 3,
        partitions: [{ topic: 't', partition: 1, count: 3, minOffset: 5, maxOffset: 7 }],
      },
    ])
    expect(stops()).toBe(0)
  })

  test('are told one by one before their range where that is wished', () => {
    const { lines, handle } = take(Number.POSITIVE_INFINITY, true)
    handle(recordsFrom(0, 2))
    expect(lines.map(({ name }) => name)).toEqual(['record_data', 'record_data', 'records_consumed'])
    expect(lines.slice(0, 2)).toMatchObject([
      { key: 'k', value: null, topic: 't', partition: 1, offset: 0 },
      { key: 'k', value: 'v1', offset: 1 },
    ])
  })

  test('past the limit are not taken and not told', () => {
    const { lines, handle, stops } = take(3)
    handle(recordsFrom(0, 2))
    expect(handle(recordsFrom(2, 2))).toEqual([undefined, expect.any(Error)])
    expect(handle(recordsFrom(9, 1))).toEqual([expect.any(Error)])
    expect(lines).toMatchObject([{ count: 2 }, { count: 1, partitions: [{ minOffset: 2, maxOffset: 2 }] }])
    expect(stops()).toBeGreaterThan(0)
  })
})

describe('events', () => {
  const PLACES = [
    { topic: 't', partition: 0 },
    { topic: 't', partition: 1 },
  ]
  const REQUEST: CommitRequest = { topic: 't', partition: 0, offset: 4, epoch: 1, metadata: 'm' }
  const error = new HoldfastError('HF_COMMIT_FENCED', 'the generation is over.')

  function told(act: (events: FakeEvents) => void, tellsCommits = true): Line[] {
    const lines: Line[] = []
    const events = new FakeEvents()
    tellEvents(events, (line) => lines.push(line), tellsCommits)
    act(events)
    return lines
  }

  test('a join tells what was added, and what goes is told however it goes', () => {
    const lines = told((events) => {
      events.join(PLACES.map((place) => ({ ...place, position: 3, committed: 3 })))
      events.revoke(PLACES.slice(1))
      events.join([])
      events.lose(PLACES.slice(0, 1))
    })
    expect(lines).toEqual([
      { name: 'partitions_assigned', partitions: PLACES },
      { name: 'partitions_revoked', partitions: PLACES.slice(1) },
      { name: 'partitions_assigned', partitions: [] },
      { name: 'partitions_revoked', partitions: PLACES.slice(0, 1) },
    ])
  })

  test('where nothing goes nothing is told', () => {
    expect(told((events) => events.revoke([]))).toEqual([])
  })

  test('commits are told with their success', () => {
    const lines = told((events) => {
      events.emit('commit:ok', { offsets: [REQUEST] })
      events.emit('commit:fenced', { offsets: [REQUEST], error })
      events.emit('commit:unknown', { offsets: [REQUEST], error })
    })
    const offsets = [{ topic: 't', partition: 0, offset: 4 }]
    const failed = { name: 'offsets_committed', offsets, error: error.message, success: false }
    expect(lines).toEqual([{ name: 'offsets_committed', offsets, success: true }, failed, failed])
  })

  test('with auto-commit no commits are told', () => {
    expect(told((events) => events.emit('commit:ok', { offsets: [REQUEST] }), false)).toEqual([])
  })
})
