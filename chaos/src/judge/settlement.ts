/** What a story is judged by, besides what all are judged by. */
export interface Settlement {
  /** Faults after which records may run again, as far as no commit covers them. */
  readonly repeatsAfter: readonly ('kill' | 'freeze' | 'abort')[]
  /** While faults happen, some record must end at least so often. */
  readonly progressEveryMs?: number
  /** Workers that live through it must take no more memory and handles after it than before. */
  readonly measuresLeaks?: true
  /** Frozen workers must find out that they are out, abort what runs, and commit nothing of it. */
  readonly judgesZombies?: true
  /** How long partitions stood still is told, for those that stayed and those that moved. */
  readonly tellsPauses?: true
  /** Attempts that outlive a drain must be aborted and named in the log. */
  readonly judgesDrains?: true
}
