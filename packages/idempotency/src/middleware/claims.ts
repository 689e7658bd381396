import type { AttemptCall, ConsumerRecord } from '@holdfast/core'
import type { Claim, ClaimResult, IdempotencyStore } from '../store.ts'
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
    const { raw } = call
    const keys = new Set<string>()
    return call.records.map((record, index): Turn => {
      const turn = { index, record, raw: raw[index] as ConsumerRecord, claim: undefined, settling: undefined }
      try {
        const request = this.#requests.of(record, turn.raw, call)
        const isFirst = !keys.has(request.key)
        keys.add(request.key)
        return { ...turn, request, ending: isFirst ? undefined : failed(sameKey()) }
      } catch (error) {
        return { ...turn, request: undefined, ending: failed(error) }
      }
    })
  }

  /** Claims what has not ended: then a turn has its claim, or an ending. Nothing is claimed where the store does not answer. */
  async claim(turns: readonly Turn[], call: AttemptCall): Promise<void> {
    const asking = turns.filter(({ ending }) => ending === undefined)
    try {
      const results = await this.#store.claim(asking.flatMap(({ request }) => request ?? []))
      for (const [index, turn] of asking.entries()) this.#take(turn, results[index] as ClaimResult, call)
    } catch (error) {
      for (const turn of asking) turn.ending = failed(unavailable(this.#store.name, error))
    }
    await this.#completeMade(asking, call)
  }

  /** The effect of these was made, with these answers: writes it down. */
  async complete(turns: readonly Turn[], answers: readonly unknown[], call: AttemptCall): Promise<void> {
    const results = answers.map((answer) => keptResult(answer, this.#settings.maxResultBytes, call.logger))
    await this.#write(turns, results, answers, call)
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
    const made = turns.filter(({ claim, raw }) => claim !== undefined && this.#made.has(raw))
    if (made.length === 0) return
    const results = made.map(({ raw }) => this.#made.get(raw)?.result ?? null)
    await this.#write(made, results, results.map(answerOf), call)
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
        turns.map(({ claim }, index) => ({ ...(claim as Claim), result: results[index] ?? null })),
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
