import {
  type AttemptCall,
  type ConsumerRecord,
  declareMiddleware,
  failuresOf,
  type Middleware,
  type Next,
  Unavailable,
} from '@holdfast/core'
import type { IdempotencyStore } from '../store.ts'
import { Claims } from './claims.ts'
import { lostTurn } from './errors.ts'
import { hold, isHeld, letGo } from './held.ts'
import { type Lease, Leases } from './lease.ts'
import { type IdempotentOptions, settingsOf } from './options.ts'
import { Requests } from './requests.ts'
import { type Ending, failed, type Turn } from './turn.ts'

/**
 * Middleware by which the effect of a record is made once, however often the record is delivered: it claims the record's key before
 * the handler is called, and writes down that it is done afterwards. A record whose key is done is settled without a call.
 * Without an answer of the store no handler is called. `docs/once.md` says what happens in each case.
 *
 * @throws HF_OPTION_INVALID
 */
export function idempotent<Value = unknown, Key = unknown, Headers = unknown>(
  options: IdempotentOptions<Value, Key, Headers>,
): Middleware {
  const settings = settingsOf(options as unknown as IdempotentOptions)
  const claims = new Claims(settings, new Requests(settings))
  const holding: Holding = { store: settings.store, claims, leases: new Leases(settings) }
  const idempotent: Middleware = (call, next) =>
    call.batch ? handleBatch(call, next, holding) : handleRecord(call, next, holding)
  return declareMiddleware(idempotent, {
    provides: 'effects once',
    lendsSlot: true,
    awaitsNext: true,
    start: async (logger) => settings.store.check?.((warning) => logger.warn({ warning }, 'idempotency store')),
  })
}

interface Holding {
  readonly store: IdempotencyStore
  readonly claims: Claims
  readonly leases: Leases
}

/** Calls the handler with a record whose key is ours, and settles it. */
async function handleRecord(call: AttemptCall, next: Next, { store, claims, leases }: Holding): Promise<unknown> {
  const turn = claims.turnOf(call.record, call.raw[0] as ConsumerRecord, call)
  const { epoch } = call
  if (isHeld(turn, store, epoch)) return next()
  const askedMs = call.clock.now()
  await claims.claim(turn, call)
  if (turn.ending === undefined) {
    const lease = leases.of(call, askedMs)
    lease.keep(turn)
    hold(turn, store, epoch)
    try {
      await claims.complete(turn, await next({ signal: lease.signal }), call)
    } catch (error) {
      await fail([turn], lease, error, call, claims)
    } finally {
      lease.end()
      letGo(turn)
    }
  }
  const ending = turn.ending as Ending | undefined
  if (ending?.type === 'failed') throw ending.error
  return ending?.answer
}

/** Calls the handler with the records whose keys are ours, and settles these. */
async function handleBatch(call: AttemptCall, next: Next, { store, claims, leases }: Holding): Promise<unknown> {
  const turns = claims.turnsOf(call)
  const { epoch } = call
  if (turns.every((turn) => isHeld(turn, store, epoch))) return next()
  const askedMs = call.clock.now()
  await Promise.all(turns.map((turn) => claims.claim(turn, call)))
  await claims.keepOrder(turns, call)
  const mine = turns.filter(({ ending }) => ending === undefined)
  if (mine.length > 0) {
    const lease = leases.of(call, askedMs)
    for (const turn of mine) {
      lease.keep(turn)
      hold(turn, store, epoch)
    }
    const { signal } = lease
    const settle = settling(mine, call, claims, lease)
    try {
      await end(mine, await next({ signal, settle, records: mine.map(({ record }) => record) }), call, claims)
    } catch (error) {
      await fail(mine, lease, error, call, claims)
    } finally {
      lease.end()
      mine.forEach(letGo)
    }
  }
  return answerOfBatch(turns)
}

/** The handler of a batch has answered; an array may name failures. */
async function end(turns: readonly Turn[], answer: unknown, call: AttemptCall, claims: Claims): Promise<void> {
  const failures = new Map(failuresOf(answer, turns.length).map(({ index, error }) => [turns[index], error]))
  await Promise.all(turns.map(({ settling }) => settling))
  const left = turns.filter(({ ending }) => ending === undefined)
  for (const turn of left) if (failures.has(turn)) turn.ending = failed(failures.get(turn))
  const [bad, good] = [left.filter((turn) => failures.has(turn)), left.filter((turn) => !failures.has(turn))]
  const isPerRecord = Array.isArray(answer) && answer.length === turns.length
  const completed = good.map((turn) =>
    claims.complete(turn, isPerRecord ? answer[turns.indexOf(turn)] : undefined, call),
  )
  await Promise.all([...completed, claims.release(bad, call)])
}

async function fail(
  turns: readonly Turn[],
  { lost }: Lease,
  error: unknown,
  call: AttemptCall,
  claims: Claims,
): Promise<void> {
  await Promise.all(turns.map(({ settling }) => settling))
  const left = turns.filter(({ ending }) => ending === undefined)
  for (const turn of left) turn.ending = failed(lost === undefined ? error : lostTurn(lost))
  await claims.release(left, call)
}

/** A batch handler says that a record is done: it is so when that is written down. */
function settling(turns: readonly Turn[], call: AttemptCall, claims: Claims, lease: Lease): AttemptCall['settle'] {
  const byOffset = new Map(turns.map((turn) => [turn.record.offset, turn]))
  return ({ offset }) => {
    const turn = byOffset.get(offset)
    if (turn === undefined) return call.settle({ offset })
    // The attempt is over, or the record is.
    if (turn.ending !== undefined) return
    turn.settling ??= settle(turn, call, claims, lease)
  }
}

/** Never rejects: nobody may be there yet to hear of it. */
async function settle(turn: Turn, call: AttemptCall, claims: Claims, lease: Lease): Promise<void> {
  lease.drop(turn)
  await claims.complete(turn, undefined, call)
  const ending = turn.ending as Ending | undefined
  // The batch may go on for long, and what is not written down is still this attempt's.
  if (ending?.type === 'failed' && ending.error instanceof Unavailable) return lease.keepAgain(turn)
  if (ending?.type !== 'done') return
  try {
    call.settle({ offset: turn.record.offset })
  } catch (error) {
    turn.ending = failed(error)
  }
}

/** One entry for each record. A batch that failed as one fails as one. */
function answerOfBatch(turns: readonly Turn[]): unknown {
  const errors = turns.flatMap(({ ending }) => (ending?.type === 'failed' ? [ending.error] : []))
  const isOne = errors.length === turns.length && errors.every((error) => error === errors[0])
  if (isOne && errors.length > 0) throw errors[0]
  return turns.map(({ ending }) =>
    ending?.type === 'failed' ? { status: 'rejected', reason: ending.error } : ending?.answer,
  )
}
