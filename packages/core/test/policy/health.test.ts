import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  type HealthCode,
  type HealthFacts,
  type HealthReason,
  judgeHealth,
  type PartitionFacts,
} from '../../src/policy/health.ts'

const LIMITS = {
  stallTimeoutMs: 1_000,
  maxPollIntervalMs: 1_000,
  sessionTimeoutMs: 100,
  heartbeatIntervalMs: 10,
  rebalanceTimeoutMs: 500,
}
const PARTITION: PartitionFacts = {
  topic: 't',
  partition: 3,
  lag: 0,
  halted: undefined,
  isHeldByDeadLetter: false,
  isHeldByRetryTopic: false,
  lack: undefined,
  isHeldByWatchdog: false,
  isHeldByBackpressure: false,
  idleMs: 0,
  unansweredMs: 0,
}
const DOWN = { circuit: 'smtp', state: 'open', downMs: 5, cause: 'no', waiting: 1 } as const
const FACTS: HealthFacts = {
  state: 'running',
  failure: undefined,
  unansweredMs: 0,
  isJoining: false,
  outsideMs: undefined,
  commitsFailingMs: undefined,
  partitions: [PARTITION],
  circuits: [],
}
const of = (partition: Partial<PartitionFacts>): Partial<HealthFacts> => ({
  partitions: [{ ...PARTITION, ...partition }],
})

test.each<[string, Partial<HealthFacts>, string, string[]]>([
  ['all is well', {}, 'healthy', []],
  ['nothing runs yet', { state: 'idle', outsideMs: 9_999 }, 'starting', []],
  ['it joins for the first time', { state: 'starting', outsideMs: 9_999, unansweredMs: 9_999 }, 'starting', []],
  ['it failed', { state: 'failed', failure: new Error('why') }, 'unhealthy', ['failed']],
  ['a topic is idle for ever', of({ idleMs: 99_999 }), 'healthy', []],
  ['there is lag, and time left', of({ lag: 5, idleMs: 999 }), 'healthy', []],
  ['lag stands still', of({ lag: 5, idleMs: 1_000 }), 'unhealthy', ['stalled']],
  ['it is paced by its buffer', of({ lag: 5, isHeldByBackpressure: true, idleMs: 499 }), 'healthy', []],
  ['its buffer is full', of({ lag: 5, isHeldByBackpressure: true, idleMs: 500 }), 'degraded', ['buffer-full']],
  ['its full buffer stalls', of({ lag: 5, isHeldByBackpressure: true, idleMs: 1_000 }), 'unhealthy', ['stalled']],
  ['the watchdog holds it', of({ lag: 5, isHeldByWatchdog: true }), 'degraded', ['paused-by-watchdog']],
  [
    'what its records need is not there',
    of({ lack: { dependency: 'redis', cause: 'no' } }),
    'unhealthy',
    ['dependency-down'],
  ],
  ['its dead letters are not taken', of({ isHeldByDeadLetter: true }), 'unhealthy', ['dead-letter-failing']],
  ['nothing waits for a dependency that is down', { circuits: [{ ...DOWN, waiting: 0 }] }, 'healthy', []],
  ['a dependency is down', { circuits: [DOWN] }, 'degraded', ['dependency-open']],
  ['it halted', of({ lag: 5, halted: 'at 7', idleMs: 9_999, isHeldByWatchdog: true }), 'unhealthy', ['halted']],
  ['brokers take their time', { unansweredMs: 99 }, 'healthy', []],
  ['no broker answers', { unansweredMs: 100, ...of({ unansweredMs: 100 }) }, 'unhealthy', ['silent']],
  ['the group is waited for', { unansweredMs: 599, isJoining: true }, 'healthy', []],
  ['the group never answers', { unansweredMs: 600, isJoining: true }, 'unhealthy', ['silent']],
  ['one leader does not answer', of({ unansweredMs: 100 }), 'unhealthy', ['silent']],
  ['it comes back at once', { outsideMs: 9 }, 'healthy', []],
  ['it was lost', { outsideMs: 10 }, 'degraded', ['not-a-member']],
  ['it does not come back', { outsideMs: 500 }, 'unhealthy', ['not-a-member']],
  ['one commit got no answer', { commitsFailingMs: 9 }, 'healthy', []],
  ['commits get no answer', { commitsFailingMs: 10 }, 'degraded', ['commit-failing']],
  ['commits get none for long', { commitsFailingMs: 100 }, 'unhealthy', ['commit-failing']],
  [
    'it stops',
    { state: 'stopping', outsideMs: 500, unansweredMs: 999, ...of({ lag: 1, idleMs: 9_999 }) },
    'healthy',
    [],
  ],
  ['it has stopped', { state: 'stopped', outsideMs: 9_999, unansweredMs: 9_999, partitions: [] }, 'healthy', []],
  [
    'the worst comes first',
    { commitsFailingMs: 10, ...of({ lag: 1, idleMs: 1_000, isHeldByWatchdog: true }) },
    'unhealthy',
    ['stalled', 'commit-failing', 'paused-by-watchdog'],
  ],
])('when %s', (_name, facts, status, codes) => {
  const health = judgeHealth({ ...FACTS, ...facts }, LIMITS)
  expect(health.status).toBe(status)
  expect(health.reasons.map(({ code }) => code)).toEqual(codes)
})

test('a reason names the partition, how long, the option and what to do', () => {
  const { reasons } = judgeHealth({ ...FACTS, ...of({ lag: 5, idleMs: 1_500 }) }, LIMITS)
  const [reason] = reasons as [HealthReason]
  expect(reason).toMatchObject({ code: 'stalled', severity: 'unhealthy', topic: 't', partition: 3, sinceMs: 1_500 })
  expect(reason.message).toMatch(/t\/3 is stalled: 5 records wait.*for 1\.5 s \(stallTimeoutMs = 1000\)\. Fix: /)
})

test('every reason says what to do', () => {
  const worst = { ...PARTITION, lag: 1, isHeldByWatchdog: true, unansweredMs: 100 }
  const facts: HealthFacts = {
    ...FACTS,
    outsideMs: 500,
    commitsFailingMs: 100,
    partitions: [
      { ...worst, idleMs: 1_000 },
      { ...worst, idleMs: 500, isHeldByBackpressure: true },
    ],
  }
  const reasons = [
    ...judgeHealth(facts, LIMITS).reasons,
    ...judgeHealth({ ...FACTS, unansweredMs: 100 }, LIMITS).reasons,
    ...judgeHealth({ ...FACTS, state: 'failed', failure: 'x' }, LIMITS).reasons,
  ]
  expect(new Set(reasons.map(({ code }) => code))).toEqual(
    new Set(['not-a-member', 'commit-failing', 'stalled', 'buffer-full', 'silent', 'paused-by-watchdog', 'failed']),
  )
  for (const { message } of reasons) expect(message).toMatch(/ Fix: /)
})

const CODES: Readonly<Record<HealthCode, true>> = {
  failed: true,
  halted: true,
  stalled: true,
  silent: true,
  'not-a-member': true,
  'commit-failing': true,
  'dead-letter-failing': true,
  'retry-topic-failing': true,
  'dependency-open': true,
  'dependency-down': true,
  'paused-by-watchdog': true,
  'buffer-full': true,
}

test('the docs have each reason, and no other', () => {
  const page = readFileSync(new URL('../../../../docs/health.md', import.meta.url), 'utf8')
  const [, table = ''] = page.split('| code | when | severity |')
  const named = [...table.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, code]) => code)
  expect(named.toSorted()).toEqual(Object.keys(CODES).toSorted())
})
