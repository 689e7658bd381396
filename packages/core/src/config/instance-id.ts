import { HoldfastError } from '../errors/holdfast-error.ts'

const VARIABLES = ['POD_NAME', 'HOSTNAME'] as const

/**
 * A `groupInstanceId` from the environment: `POD_NAME`, else `HOSTNAME`. Only where these outlive a restart, as in a
 * StatefulSet, does it make the member static.
 * @throws HF_OPTION_INVALID where neither is set
 */
export function instanceIdFromEnvironment(environment: NodeJS.ProcessEnv = process.env): string {
  const found = VARIABLES.map((name) => environment[name]).find((value) => value !== undefined && value !== '')
  if (found !== undefined) return found
  throw new HoldfastError(
    'HF_OPTION_INVALID',
    `groupInstanceId was to be taken from the environment, which has neither ${VARIABLES.join(' nor ')}.\n  Fix: set one of them, or give groupInstanceId a name of its own for every member.`,
    { details: { option: 'groupInstanceId' } },
  )
}
