import { type Entry, entriesOf, type Logged } from '../history/entry.ts'
import type { Membership } from './membership.ts'
import type { Violation } from './violation.ts'

/** No process fails, ends by itself or loses its membership unless a fault did that to it. */
export function judgeProcesses(entries: readonly Entry[], membership: Membership): Violation[] {
  const failed = entriesOf(entries, 'failed').map(({ process, reason }) => `${process} failed: ${reason}`)
  const exited = entriesOf(entries, 'exit').flatMap(({ target, code, signal, isExpected }) => {
    if (!isExpected) return [`${target} ended by itself (code ${code}, signal ${signal})`]
    const isHung = signal === 'SIGKILL' && membership.killedAt(target) === undefined
    return isHung ? [`${target} did not leave in time`] : []
  })
  const lost = entriesOf(entries, 'lost').flatMap(({ process, at, reason }) =>
    membership.spansOf(process).some(({ to }) => to === at) ? [] : [`${process} lost its membership: ${reason}`],
  )
  const errors = entriesOf(entries, 'log').flatMap((log) => {
    const { process, level, message, fields } = log
    if (level !== 'error' || isOfMachine(fields) || isOfFreeze(log, membership)) return []
    return [`${process} logged "${message}" ${JSON.stringify(fields)}`]
  })
  return [...failed, ...exited, ...lost, ...errors].map((text) => ({ kind: 'process', text }))
}

/** The event loop stood still since its process was frozen, whichever handlers were under way by then. */
function isOfFreeze({ process, at, fields }: Logged, membership: Membership): boolean {
  const span = membership.frozenSpan(process, at)
  return span !== undefined && 'attempts' in fields && Number(fields.durationMs) <= at - span.from
}

/** The event loop stood still, no handler is named, and for most of the time the processor was with others. */
function isOfMachine({ durationMs, processorMs, attempts }: Readonly<Record<string, unknown>>): boolean {
  const isUnnamed = Array.isArray(attempts) && attempts.length === 0
  return isUnnamed && typeof durationMs === 'number' && typeof processorMs === 'number' && processorMs < durationMs / 2
}
