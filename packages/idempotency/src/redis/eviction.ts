import { HoldfastError } from '@holdfast/core'

/**
 * Refuses a server that may forget keys before their window is over, since their effects would be made again. One without a
 * limit on its memory forgets none.
 * @throws HF_STORE_REFUSED
 */
export function refuseEviction(memory: string): void {
  const policy = field(memory, 'maxmemory_policy')
  const limit = field(memory, 'maxmemory')
  if (policy === undefined || policy === 'noeviction' || limit === '0') return
  throw new HoldfastError(
    'HF_STORE_REFUSED',
    `Redis has maxmemory-policy ${policy} and maxmemory ${limit}: when that is full it forgets keys that were done, and their effects are made again.\n  Fix: maxmemory-policy noeviction, on a server of its own; or allowEviction: true where that may happen.`,
    { details: { policy } },
  )
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
}
