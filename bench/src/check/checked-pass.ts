import { Meter, type Usage } from '../harness/meter.ts'
import { type CheckedTopic, DeliveryChecker, type Promised } from './delivery-checker.ts'

/** One pass of an arm over a topic: measured from the first record to the last, with every promise checked. */
export class CheckedPass {
  readonly #checker: DeliveryChecker
  readonly #meter: Meter

  constructor(promised: Promised, topic: CheckedTopic) {
    this.#checker = new DeliveryChecker(promised, topic)
    this.#meter = new Meter(topic.records)
  }

  started(partition: number, offset: number, key: Buffer | null): void {
    this.#meter.started()
    this.#checker.started(partition, offset, key)
  }

  ended(partition: number, key: Buffer | null): void {
    this.#checker.ended(partition, key)
    this.#meter.ended()
  }

  /** Waits for the last record, ends the arm, and throws where it broke a promise. */
  async finish(stop: () => Promise<void>): Promise<Usage> {
    const usage = await this.#meter.done
    await stop()
    const verdict = this.#checker.verdict()
    if (verdict !== undefined) throw new Error(`it broke its promise: ${verdict}`)
    return usage
  }
}
