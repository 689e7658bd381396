import type { AttemptCall, ConsumerRecord } from '@holdfast/core'
import type { Claim, ClaimRequest, ClaimResult, IdempotencyStore } from '../store.ts'
import { busy, claimLost, lostTurn, mismatch, sameKey, unavailable } from './errors.ts'
import type { Settings } from './options.ts'
import type { Requests } from './requests.ts'
import { answerOf, keptResult } from './results.ts'
import { done, failed, type Turn } from './turn.ts'

const heldBy = new WeakMap<ConsumerRecord<unknown, unknown, unknown>, Claim>()

/**
 * Under which claim a handler of this middleware has its record: its `token` is greater than that of every attempt before, so that
 * whoever is written to can refuse a late one. Undefined where no attempt of this process has claimed it.
 */
export function claimOf(record: ConsumerRecord<unknown, unknown, unknown>): Claim | undefined {
  return heldBy.get(record)
}

/** Gets, keeps and settles the claims of attempts. */
export class Claims {
  readonly #settings: Settings
  readonly #store: IdempotencyStore
  readonly #requests: Requests
  /** Records whose effect this process has made and could not write down: their handler is not called again. */
  readonly #made = new WeakMap<ConsumerRecord, { readonly result: string | null }>()

  constructor(settings: Settings, requests: Requests) {
    this.#settings = settings
    this.#store = settings.store
    this.#requests = requests
  }

  /** The records of a call; those that have no key have ended. */
  turnsOf(call: AttemptCall): Turn[] {
    const { records, raw } = call
    const turns = records.map((record, index) => this.#turn(record, raw[index] as ConsumerRecord, call))
    if (turns.length > 1) endRepeats(turns)
    return turns
  }

  /** Claims what has not ended: then a turn has its claim, or an ending. Nothing is claimed where the store does not answer. */
  async claim(turns: readonly Turn[], call: AttemptCall): Promise<void> {
    const asking = turns.filter(({ ending }) => ending === undefined)
    try {
      const results = await this.#store.claim(asking.map(({ request }) => request as ClaimRequest))
      for (const [index, turn] of asking.entries()) this.#take(turn, results[index] as ClaimResult, call)
    } catch (error) {
      for (const turn of asking) turn.ending = failed(unavailable(this.#store.name, error))
    }
    const made = asking.filter(({ claim, raw }) => claim !== undefined && this.#made.has(raw))
    if (made.length > 0) await this.#completeMade(made, call)
  }

  /** The effect of these was made, with these answers: writes it down. */
  complete(turns: readonly Turn[], answers: readonly unknown[], call: AttemptCall): Promise<void> {
    const results = answers.map((answer) => keptResult(answer, this.#settings.maxResultBytes, call))
    return this.#write(turns, results, answers, call)
  }

  /** These failed. What the store does not hear of ends with its lease. */
  async release(turns: readonly Turn[], call: AttemptCall): Promise<void> {
    if (this.#settings.onFailure === 'keep' || turns.length === 0) return
    try {
      await this.#store.release(turns.map(({ claim }) => claim as Claim))
    } catch (error) {
      call.logger.debug({ err: error }, 'idempotency keys are not given back, and stay until their lease ends')
    }
  }

  #turn(record: Turn['record'], raw: ConsumerRecord, call: AttemptCall): Turn {
    const turn: Turn = { record, raw, request: undefined, claim: undefined, ending: undefined, settling: undefined }
    try {
      turn.request = this.#requests.of(record, raw, call)
    } catch (error) {
      turn.ending = failed(error)
    }
    return turn
  }

  #take(turn: Turn, result: ClaimResult, call: AttemptCall): void {
    switch (result.type) {
      case 'acquired':
        turn.claim = { key: turn.request?.key as string, token: result.token }
        heldBy.set(turn.record, turn.claim)
        return
      case 'completed':
        turn.ending = done(answerOf(result.result))
        return
      case 'busy':
        turn.ending = failed(busy(result.forMs))
        return
      case 'mismatch':
        turn.ending = failed(mismatch(turn.raw, call))
    }
  }

  async #completeMade(turns: readonly Turn[], call: AttemptCall): Promise<void> {
    const results = turns.map(({ raw }) => this.#made.get(raw)?.result ?? null)
    await this.#write(turns, results, results.map(answerOf), call)
  }

  async #write(
    turns: readonly Turn[],
    results: readonly (string | null)[],
    answers: readonly unknown[],
    call: AttemptCall,
  ): Promise<void> {
    if (turns.length === 0) return
    try {
      const written = await this.#store.complete(
        turns.map(({ claim }, index) => {
          const { key, token } = claim as Claim
          return { key, token, result: results[index] ?? null }
        }),
      )
      for (const [index, turn] of turns.entries()) {
        if (written[index] === 'ok') turn.ending = done(answers[index])
        else
          this.#remember(
            turn,
            results[index],
            lostTurn(claimLost(call, 'it ended after its lease, and another attempt has claimed its key')),
          )
      }
    } catch (error) {
      for (const [index, turn] of turns.entries())
        this.#remember(turn, results[index], unavailable(this.#store.name, error))
    }
  }

  #remember(turn: Turn, result: string | null | undefined, error: unknown): void {
    this.#made.set(turn.raw, { result: result ?? null })
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
