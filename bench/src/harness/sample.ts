/** What one run of an arm came to, by the name of the figure. */
export type Sample = Readonly<Record<string, number>>

/** Names an arm in the report. */
export type Labels = { readonly name: string } & Readonly<Record<string, string | number>>

/** An arm with its samples, one a round. */
export interface ArmRuns {
  readonly labels: Labels
  readonly samples: readonly Sample[]
}
