import type { Place } from '../arms/arm.ts'

/** What a member's process is told on its command line. */
export interface MemberSettings extends Place {
  readonly arm: string
}

/** What it tells: its partitions, a mail that has gone out, or why it ends. */
export type MemberMessage =
  | { readonly type: 'assigned'; readonly partitions: readonly number[] }
  | { readonly type: 'sent'; readonly id: number }
  | { readonly type: 'failed'; readonly reason: string }
