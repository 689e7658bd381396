import type { LookUp } from './look-up.ts'

/** For the demo: the process dies at this request, as it may for want of memory or by a fault in what its handler calls. */
export function dyingAt(requestId: string | undefined, lookUp: LookUp): LookUp {
  if (requestId === undefined) return lookUp
  return (request, signal) => {
    if (request.id === requestId) process.kill(process.pid, 'SIGKILL')
    return lookUp(request, signal)
  }
}
