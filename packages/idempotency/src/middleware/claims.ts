import { type AttemptCall, type ConsumerRecord, type LaneKey, RetryLater } from '@holdfast/core'
import type { GatheringStore } from '../batching/batched-store.ts'
import type { Claim, ClaimRequest, ClaimResult } from '../store.ts'
import { behind, busy, claimLost, lostTurn, mismatch, sameKey, unavailable } from './errors.ts'
import { MadeEffects } from './made-effects.ts'
import type { Settings } from './options.ts'
import type { Requests } from './requests.ts'
import { answerOf, keptResult } from './results.ts'
import { done, failed, type Turn } from './turn.ts'

/** Gets, keeps and settles the claims of attempts. */
export class Claims {
  readonly #settings: Settings
  readonly #store: GatheringStore
  readonly #requests: Requests
  readonly #made = new MadeEffects()

  constructor(settings: Settings, requests: Requests) {
    this.#settings = settings
    this.#store = settings.store
    this.#requests = requests
  }

  /** A record of a call; it has ended where it has no key. */
  turnOf(record: Turn['record'], raw: ConsumerRecord, call: AttemptCall): Turn {
    const turn: Turn = {
      record,
      raw,
      request: undefined,
      claim: undefined,
      ending: undefined,
      claiming: undefined,
      settling: undefined,
    }
    try {
      turn.request = this.#requests.of(record, raw, call)
    } catch (error) {
      turn.ending = failed(error)
    }
    return turn
  }

  /** The records of a batch. */
  turnsOf(call: AttemptCall): Turn[] {
    const { records, raw } = call
    const turns = records.map((record, index) => this.turnOf(record, raw[index] as ConsumerRecord, call))
    endRepeats(turns)
    return turns
  }

  /** Claims a record that has not ended: then it has its claim, or an ending, as where the store does not answer. */
  async claim(turn: Turn, call: AttemptCall): Promise<void> {
    if (turn.ending !== undefined) return
    try {
      this.#take(turn, await this.#store.claimOne(turn.request as ClaimRequest), call)
    } catch (error) {
      turn.ending = failed(unavailable(this.#store.name, error))
    }
    if (turn.claim === undefined) return
    const { key, fingerprint } = turn.request as ClaimRequest
    const made = this.#made.of(turn.raw, key, call.clock.now())
    if (made === undefined) return
    if (made.fingerprint === fingerprint) return this.#write(turn, made.result, answerOf(made.result), call)
    turn.ending = failed(mismatch(turn.raw, call))
    await this.#giveBack([turn], call)
  }

  /** The effect of a record was made, with this answer: writes it down. */
  complete(turn: Turn, answer: unknown, call: AttemptCall): Promise<void> {
    return this.#write(turn, keptResult(answer, this.#settings.maxResultBytes, call), answer, call)
  }

  /** These failed. */
  async release(turns: readonly Turn[], call: AttemptCall): Promise<void> {
    if (this.#settings.onFailure === 'release') await this.#giveBack(turns, call)
  }

  /** Of a batch whose claims are made: what comes behind a record that has to wait for its key waits as well. */
  async keepOrder(turns: readonly Turn[], call: AttemptCall): Promise<void> {
    const passing = passingBy(turns, call)
    for (const turn of passing) turn.ending = failed(behind())
    await this.#giveBack(passing, call)
  }

  /** What the store does not hear of ends with its lease. */
  async #giveBack(turns: readonly Turn[], call: AttemptCall): Promise<void> {
    if (turns.length === 0) return
    await Promise.all(turns.map(({ claiming }) => claiming))
    try {
      await this.#store.release(turns.map(({ claim }) => claim as Claim))
    } catch (error) {
      call.logger.debug({ err: error }, 'idempotency keys are not given back, and stay until their lease ends')
    }
  }

  #take(turn: Turn, result: ClaimResult, call: AttemptCall): void {
    switch (result.type) {
      case 'acquired':
        turn.claim = { key: turn.request?.key as string, token: result.token }
        return
      case 'completed':
        this.#made.forget(turn.request as ClaimRequest)
        turn.ending = done(answerOf(result.result))
        return
      case 'busy':
        turn.ending = failed(busy(result.forMs))
        return
      case 'mismatch':
        turn.ending = failed(mismatch(turn.raw, call))
    }
  }

  async #write(turn: Turn, result: string | null, answer: unknown, call: AttemptCall): Promise<void> {
    if (turn.claiming !== undefined) await turn.claiming
    const { key, token } = turn.claim as Claim
    let error: unknown
    try {
      if ((await this.#store.completeOne({ key, token, result })) === 'ok') {
        this.#made.forget({ key })
        turn.ending = done(answer)
        return
      }
      error = lostTurn(claimLost(call, 'it ended after its lease, and another attempt has claimed its key'))
    } catch (unanswered) {
      error = unavailable(this.#store.name, unanswered)
    }
    this.#made.note(turn.raw, turn.request as ClaimRequest, result, call.clock.now())
    turn.ending = failed(error)
  }
}

/** Of records that have the same key the first one has its turn. */
function endRepeats(turns: readonly Turn[]): void {
  const keys = new Set<string>()
  for (const turn of turns) {
    if (turn.request === undefined) continue
    if (keys.has(turn.request.key)) turn.ending = failed(sameKey())
    keys.add(turn.request.key)
  }
}

/** The records that are ours and stand, in their lanes, behind one that has to wait. */
function passingBy(turns: readonly Turn[], call: AttemptCall): readonly Turn[] {
  if (!turns.some(mustWait)) return []
  const waiting = new Set<LaneKey>()
  const passing: Turn[] = []
  const ours = new Set<string | undefined>()
  for (const turn of turns) {
    const lane = call.laneOf(turn.raw)
    if (turn.ending === undefined) {
      if (lane !== undefined && waiting.has(lane)) passing.push(turn)
      else ours.add(turn.request?.key)
      continue
    }
    // A repeat of one of ours has had its effect when that is done.
    if (lane !== undefined && mustWait(turn) && !ours.has(turn.request?.key)) waiting.add(lane)
  }
  return passing
}

function mustWait({ ending }: Turn): boolean {
  return ending?.type === 'failed' && ending.error instanceof RetryLater
}
