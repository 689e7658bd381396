/**
 * What one response may become: what is over stays in the log, and comes with a later fetch. The first batch always fits, so
 * that there is progress; it has limits of its own.
 */
export interface Budget {
  records: number
  inflatedBytes: number
}

/** A response of small records takes hundreds of bytes for each of them, whatever it weighs on the wire. */
const MAX_RECORDS = 250_000

export function newBudget(maxInflatedBytes: number): Budget {
  return { records: MAX_RECORDS, inflatedBytes: maxInflatedBytes }
}

export function isSpent({ records, inflatedBytes }: Budget): boolean {
  return records <= 0 || inflatedBytes <= 0
}
