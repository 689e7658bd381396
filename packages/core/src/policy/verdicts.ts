/** Thrown by a handler: trying again cannot help. What follows the retries of its failure policy comes at once. */
export class Fatal extends Error {
  override readonly name: string = 'Fatal'
}

/** Thrown by a handler: the next attempt is made after so many milliseconds, and not by the back-off. It counts as one. */
export class RetryLater extends Error {
  override readonly name: string = 'RetryLater'
  readonly delayMs: number

  constructor(delayMs: number, message: string = `again in ${delayMs} ms`, options?: ErrorOptions) {
    super(message, options)
    this.delayMs = delayMs
  }
}

/** Thrown by a handler: the record needs no effect. It is settled, counted and logged with the reason. */
export class Skip extends Error {
  override readonly name: string = 'Skip'

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
  }
}
