import type { MailRequest } from '../requests/mail-request.ts'

/** Where a member reads. */
export interface Place {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly groupId: string
}

export interface MemberPorts {
  /** The group has given this member these partitions; they are all that it has. */
  assigned(partitions: readonly number[]): void
  /** Looks up what the mail needs, and sends it. */
  handle(request: MailRequest): Promise<void>
}

/** A way to consume the requests. */
export interface Arm {
  readonly name: string
  readonly title: string
  /** So many processes, each one member of the group. */
  readonly members: number
  /** Runs one member until its process ends. */
  run(place: Place, ports: MemberPorts): Promise<void>
}
