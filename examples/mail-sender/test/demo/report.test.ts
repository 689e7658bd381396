import { describe, expect, it } from 'vitest'
import { isAtLogEnd, leftOf } from '../../src/demo/offsets.ts'
import { reportLine, shortcomings } from '../../src/demo/report.ts'

const report = {
  requested: 300,
  delivered: 300,
  duplicates: 0,
  dead: 0,
  left: 0,
  rebalances: 0,
  outages: 0,
  deaths: 0,
  seconds: 8.4,
  sendingSeconds: 4.1,
}
const fine = { isAtLogEnd: true, endedEarly: undefined, hopeless: 0 }

describe('the report', () => {
  it('says what was asked, what came and what is left', () => {
    expect(reportLine(report)).toBe(
      'requested 300, delivered 300, duplicates 0, dead 0, left 0, rebalances 0, outages 0, deaths 0, time 8.4 s, sending 4.1 s',
    )
  })

  it.each([
    ['all went well', report, fine, []],
    ['a mail came twice, as at-least-once allows', { ...report, duplicates: 7, rebalances: 1 }, fine, []],
    ['a mail is missing', { ...report, delivered: 299 }, fine, ['1 of 300 mails were not delivered']],
    ['some can never be a mail', { ...report, delivered: 290, dead: 10 }, { ...fine, hopeless: 10 }, []],
    [
      'one of these is in no dead-letter topic',
      { ...report, delivered: 290, dead: 9 },
      { ...fine, hopeless: 10 },
      ['9 dead letters for 10 requests that can never be a mail'],
    ],
    [
      'a record is left',
      { ...report, left: 3 },
      { ...fine, isAtLogEnd: false },
      ["the committed offsets are not the log's end: 3 left"],
    ],
    [
      'a commit lies past the end',
      report,
      { ...fine, isAtLogEnd: false },
      ["the committed offsets are not the log's end: 0 left"],
    ],
    ['it was interrupted', report, { ...fine, endedEarly: 'interrupted' }, ['interrupted']],
  ])('judges: %s', (_, given, verdict, reasons) => {
    expect(shortcomings(given, verdict)).toEqual(reasons)
  })
})

describe('the offsets', () => {
  const at = (committed: number | undefined, logEnd: number) => ({ topic: 't', partition: 0, committed, logEnd })

  it.each([
    ['nothing committed', [at(undefined, 5)], 5, false],
    ['an empty partition without a commit', [at(undefined, 0)], 0, true],
    ['part of the way', [at(5, 5), at(2, 6)], 4, false],
    ['at the end', [at(5, 5), at(6, 6)], 0, true],
    ['past the end', [at(6, 5)], 0, false],
  ])('%s', (_, partitions, left, isDone) => {
    expect(leftOf(partitions)).toBe(left)
    expect(isAtLogEnd(partitions)).toBe(isDone)
  })
})
