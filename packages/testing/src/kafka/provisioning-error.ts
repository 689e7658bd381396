/** What `ProvisioningError.code` can be. */
export type ProvisioningCode =
  /** No way led to a broker. */
  | 'KAFKA_NOT_FOUND'
  /** A broker was named, or started, and did not produce and fetch in time. */
  | 'KAFKA_NOT_READY'
  /** The options or environment variables contradict themselves. */
  | 'KAFKA_OPTION_INVALID'
  /** A fault action was asked of a cluster or a broker that cannot do it. */
  | 'KAFKA_FAULT_REFUSED'
  /** No way led to a Redis or a Postgres. */
  | 'SERVER_NOT_FOUND'
  /** One was named, or started, and did not answer in time. */
  | 'SERVER_NOT_READY'
  /** Its options contradict themselves. */
  | 'SERVER_OPTION_INVALID'

/** One way that was tried (or left out) and why it did not lead to a broker. */
export interface TriedWay {
  readonly way: string
  readonly reason: string
  /** What to install or set to make this way work. */
  readonly remedy?: string
}

/** A broker or another server could not be brought up, or was asked for something it cannot do. */
export class ProvisioningError extends Error {
  override readonly name = 'ProvisioningError'
  readonly code: ProvisioningCode
  readonly tried: readonly TriedWay[]

  constructor(code: ProvisioningCode, message: string, tried: readonly TriedWay[] = [], options?: ErrorOptions) {
    super([message, ...tried.map(line)].join('\n'), options)
    this.code = code
    this.tried = tried
  }
}

function line({ way, reason, remedy }: TriedWay): string {
  return `  - ${way}: ${reason}${remedy === undefined ? '' : `; ${remedy}`}`
}

export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim()
}
