import type { OutgoingRecord } from '../ports/driver.ts'
import type { Shrinking } from './dead-letter.ts'

/** A dead letter that becomes visible in one transaction with the offset of its record. */
export interface PendingLetter {
  /** What its topic gets, with so much left out. */
  form(shrinking: Shrinking): OutgoingRecord
  /** Whether there is anything left to leave out. */
  canShrink(shrinking: Shrinking): boolean
  /** It is visible, and the offset of its record is committed. */
  visible(): void
  /** Its topic has not taken it, `failures` times in a row; answers after how many milliseconds it is written again. */
  refused(cause: unknown, failures: number): number
}
