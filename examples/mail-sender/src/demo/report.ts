/** What the demo found, as `--json` prints it. */
export interface Report {
  readonly requested: number
  /** Requests whose mail arrived at least once. */
  readonly delivered: number
  readonly duplicates: number
  /** Requests in the dead-letter topic: their mails can never be sent. */
  readonly dead: number
  /** Records between the committed offsets and the log's end, as the broker has them after the workers have stopped. */
  readonly left: number
  /** Generations of the group after the first that had every worker in it. */
  readonly rebalances: number
  /** How often a worker found the mail server down: then its mails waited. */
  readonly outages: number
  /** How often a worker died. */
  readonly deaths: number
  /** From the start of the workers until everything was committed. */
  readonly seconds: number
  /** From the first assignment of partitions until the last mail arrived. */
  readonly sendingSeconds: number
}

/** What the report is judged by, beside its numbers. */
export interface Verdict {
  readonly isAtLogEnd: boolean
  /** Why the demo was ended before everything was done. */
  readonly endedEarly: string | undefined
  /** Requests that can never be a mail. */
  readonly hopeless: number
}

/** Why the run has failed; empty when it has not. */
export function shortcomings(
  { requested, delivered, dead, left }: Report,
  { isAtLogEnd, endedEarly, hopeless }: Verdict,
): string[] {
  const missing = requested - hopeless - delivered
  return [
    endedEarly ?? [],
    missing === 0 ? [] : `${missing} of ${requested} mails were not delivered`,
    dead === hopeless ? [] : `${dead} dead letters for ${hopeless} requests that can never be a mail`,
    isAtLogEnd ? [] : `the committed offsets are not the log's end: ${left} left`,
  ].flat()
}

export function reportLine({
  requested,
  delivered,
  duplicates,
  dead,
  left,
  rebalances,
  outages,
  deaths,
  seconds,
  sendingSeconds,
}: Report): string {
  return `requested ${requested}, delivered ${delivered}, duplicates ${duplicates}, dead ${dead}, left ${left}, rebalances ${rebalances}, outages ${outages}, deaths ${deaths}, time ${seconds} s, sending ${sendingSeconds} s`
}
