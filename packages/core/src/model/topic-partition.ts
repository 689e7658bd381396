/** A partition by its topic and number. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A partition that this member owns from now on. */
export interface AssignedPartition extends TopicPartition {
  /** The offset from which the driver reads it. */
  readonly position: number
  /** What the group had committed; −1 for nothing. */
  readonly committed: number
  /** The text that was committed with the offset. @default '' */
  readonly metadata?: string
  /** The end of the log; a text that was committed is checked against it. */
  readonly logEnd?: number
}

/** Topic names cannot contain a slash, so the text is unique and reads as people write it: `mail.requested/3`. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
