import {
  type AttemptCall,
  declareMiddleware,
  failuresOf,
  type HoldfastError,
  type Middleware,
  type Next,
} from '@holdfast/core'
import { Claims } from './claims.ts'
import { lostTurn } from './errors.ts'
import { Lease } from './lease.ts'
import { type IdempotentOptions, type Settings, settingsOf } from './options.ts'
import { Requests } from './requests.ts'
import { failed, type Turn } from './turn.ts'

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
  const idempotent: Middleware = async (call, next) => {
    const turns = claims.turnsOf(call)
    const askedMs = call.clock.now()
    await claims.claim(turns, call)
    const mine = turns.filter(({ ending }) => ending === undefined)
    if (mine.length > 0) await handle(mine, call, next, { claims, settings, grantedMs: askedMs })
    return call.batch ? answerOfBatch(turns, call) : answerOfRecord(turns)
  }
  return declareMiddleware(idempotent, {
    provides: 'effects once',
    lendsSlot: true,
    start: async (logger) => settings.store.check?.((warning) => logger.warn({ warning }, 'idempotency store')),
  })
}

interface Holding {
  readonly claims: Claims
  readonly settings: Settings
  readonly grantedMs: number
}

/** Calls the handler with the records whose keys are ours, and settles these. */
async function handle(turns: readonly Turn[], call: AttemptCall, next: Next, holding: Holding): Promise<void> {
  const { claims, settings, grantedMs } = holding
  const controller = new AbortController()
  let lost: HoldfastError | undefined
  const lease = new Lease(call, { store: settings.store, leaseMs: settings.leaseMs, grantedMs }, (error) => {
    lost = error
    controller.abort(error)
  })
  lease.keep(turns.flatMap(({ claim }) => claim ?? []))
  const { signal } = controller
  try {
    if (call.batch) {
      const settle = settling(turns, call, claims, lease)
      await end(turns, await next({ signal, settle, records: turns.map(({ record }) => record) }), call, holding)
    } else {
      await claims.complete(turns, [await next({ signal })], call)
    }
  } catch (error) {
    await fail(turns, lost === undefined ? error : lostTurn(lost), call, claims)
  } finally {
    lease.end()
  }
}

/** The handler of a batch has answered; an array may name failures. */
async function end(turns: readonly Turn[], answer: unknown, call: AttemptCall, { claims }: Holding): Promise<void> {
  const failures = new Map(failuresOf(answer, turns.length).map(({ index, error }) => [turns[index], error]))
  await Promise.all(turns.map(({ settling }) => settling))
  const left = turns.filter(({ ending }) => ending === undefined)
  for (const turn of left) if (failures.has(turn)) turn.ending = failed(failures.get(turn))
  const [bad, good] = [left.filter((turn) => failures.has(turn)), left.filter((turn) => !failures.has(turn))]
  const isPerRecord = Array.isArray(answer) && answer.length === turns.length
  const answers = good.map((turn) => (isPerRecord ? answer[turns.indexOf(turn)] : undefined))
  await Promise.all([claims.complete(good, answers, call), claims.release(bad, call)])
}

async function fail(turns: readonly Turn[], error: unknown, call: AttemptCall, claims: Claims): Promise<void> {
  await Promise.all(turns.map(({ settling }) => settling))
  const left = turns.filter(({ ending }) => ending === undefined)
  for (const turn of left) turn.ending = failed(error)
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
    if (turn.claim !== undefined) lease.drop(turn.claim)
    turn.settling ??= claims.complete([turn], [undefined], call).then(() => {
      if (turn.ending?.type === 'done') call.settle({ offset })
    })
  }
}

function answerOfRecord([turn]: readonly Turn[]): unknown {
  if (turn?.ending?.type === 'failed') throw turn.ending.error
  return turn?.ending?.answer
}

/** One entry for each record. A batch that failed as one fails as one. */
function answerOfBatch(turns: readonly Turn[], { signal }: AttemptCall): unknown {
  const errors = turns.flatMap(({ ending }) => (ending?.type === 'failed' ? [ending.error] : []))
  const isOne = errors.length === turns.length && errors.every((error) => error === errors[0])
  if (errors.length > 0 && (isOne || signal.aborted)) throw errors[0]
  return turns.map(({ ending }) =>
    ending?.type === 'failed' ? { status: 'rejected', reason: ending.error } : ending?.answer,
  )
}
