import type { ConsumerOptions, PartitionAssignmentStrategy } from '@holdfast/core'

/** What the command line asks of the workers' membership. */
export interface GroupChoice {
  /** One strategy, or several in the order of preference. */
  readonly strategy?: readonly PartitionAssignmentStrategy[]
  /** Every member has a name of its own, under which it comes back. */
  readonly isStatic?: boolean
}

export const STRATEGIES: readonly PartitionAssignmentStrategy[] = [
  'cooperative-sticky',
  'sticky',
  'range',
  'roundrobin',
]

export function groupOptions({ strategy, isStatic = false }: GroupChoice, member: string): Partial<ConsumerOptions> {
  return {
    ...(strategy === undefined ? {} : { partitionAssignmentStrategy: strategy }),
    ...(isStatic ? { groupInstanceId: member } : {}),
  }
}
