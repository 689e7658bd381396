import type { ConsumerOptions } from '@holdfast/core'

/** What the command line asks of the workers' membership. */
export type GroupChoice = Readonly<Partial<Record<'strategy' | 'static', string | true>>>

type OptionsOfFlag = (value: string | true, member: string) => Partial<ConsumerOptions>

/** How a flag becomes options of a worker; undefined where consumers have no such option yet. */
export const GROUP_FLAGS: Readonly<Record<keyof GroupChoice, OptionsOfFlag | undefined>> = {
  strategy: undefined,
  static: undefined,
}

export function groupOptions(choice: GroupChoice, member: string): Partial<ConsumerOptions> {
  const parts = Object.entries(choice).map(([flag, value]) => GROUP_FLAGS[flag as keyof GroupChoice]?.(value, member))
  return Object.assign({}, ...parts)
}
