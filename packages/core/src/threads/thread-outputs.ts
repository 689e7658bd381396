import { type Output, outgoingOf } from '../pipeline/output.ts'
import { outputRefused } from '../pipeline/output-refused.ts'
import type { CallMessage, ProducedMessage, RecordMessage } from './messages.ts'
import { pack } from './pack.ts'

/** What a handler in a thread produces. It is held here until the attempt has succeeded, and goes with its answer. */
export class ThreadOutputs {
  readonly #call: CallMessage
  readonly #produced: ProducedMessage[] = []
  #isOver = false

  constructor(call: CallMessage) {
    this.#call = call
  }

  /** Stands by itself, so that a handler can take it out of its context. */
  readonly produce = (outputs: Output | readonly Output[], from?: { readonly offset: number }): void => {
    const { mayProduce, records } = this.#call
    const first = records[0] as RecordMessage
    if (!mayProduce) throw outputRefused(first, 'no transactions')
    if (this.#isOver) throw outputRefused(first, 'too late')
    if (from !== undefined && !records.some(({ offset }) => offset === from.offset))
      throw outputRefused(first, 'foreign')
    const list = (Array.isArray(outputs) ? outputs : [outputs]) as readonly Output[]
    for (const output of list) this.#produced.push({ output: outgoingOf(output) as Output, offset: from?.offset })
  }

  /** The attempt has ended, and this is what it leaves. */
  close(): Uint8Array | undefined {
    this.#isOver = true
    return this.#produced.length === 0 ? undefined : pack(this.#produced)
  }
}
