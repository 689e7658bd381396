import { expect, test } from 'vitest'
import { type HealthSource, LIVENESS_CODES, probe } from '../../src/health/probes.ts'
import type { LifecycleState } from '../../src/model/lifecycle.ts'
import type { HealthCode, HealthReason, HealthStatus } from '../../src/policy/health.ts'

const reason = (code: HealthCode, severity: HealthReason['severity'] = 'unhealthy'): HealthReason => ({
  code,
  severity,
  message: code,
})
const source = (state: LifecycleState, status: HealthStatus, reasons: HealthReason[] = []): HealthSource => ({
  status: () => ({ state, health: { status, reasons } }),
})

test.each<[string, HealthSource, live: boolean, ready: boolean]>([
  ['it has not been run', source('idle', 'starting'), true, false],
  ['it starts', source('starting', 'starting'), true, false],
  ['it runs', source('running', 'healthy'), true, true],
  ['it is degraded', source('running', 'degraded', [reason('buffer-full', 'degraded')]), true, true],
  ['it stops', source('stopping', 'healthy'), true, false],
  ['it has stopped', source('stopped', 'healthy'), true, false],
  ['it failed', source('failed', 'unhealthy', [reason('failed')]), false, false],
  ['it is silent', source('running', 'unhealthy', [reason('silent')]), false, false],
  ['it is stalled', source('running', 'unhealthy', [reason('stalled')]), false, false],
  ['it halted, which a restart does not cure', source('running', 'unhealthy', [reason('halted')]), true, false],
  ['commits fail for long', source('running', 'unhealthy', [reason('commit-failing')]), true, false],
  ['it does not join again', source('running', 'unhealthy', [reason('not-a-member')]), false, false],
  ['it joins again', source('running', 'degraded', [reason('not-a-member', 'degraded')]), true, true],
])('probes when %s', (_name, consumer, live, ready) => {
  const verdict = (name: 'liveness' | 'readiness'): boolean => probe(name, [consumer], LIVENESS_CODES).status === 'pass'
  expect([verdict('liveness'), verdict('readiness')]).toEqual([live, ready])
})

test('one consumer of several fails a probe, and all are told', () => {
  const well = { ...source('running', 'healthy'), toJSON: () => ({ groupId: 'well' }) }
  const ill = source('running', 'unhealthy', [reason('halted')])
  expect(probe('readiness', [well, ill], LIVENESS_CODES)).toEqual({
    status: 'fail',
    consumers: [
      { groupId: 'well', state: 'running', status: 'healthy', reasons: [] },
      { groupId: undefined, state: 'running', status: 'unhealthy', reasons: [reason('halted')] },
    ],
  })
  expect(probe('liveness', [well, ill], [...LIVENESS_CODES, 'halted']).status).toBe('fail')
})
