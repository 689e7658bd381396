import type { BrokerInternals, LookupRequest, MakeRequest } from './cluster.ts'

const made = new WeakMap<LookupRequest, ReadonlySet<string>>()

/** Changes how a broker's requests are made, once for each name. A broker that reconnects forgets it. */
export function amend(
  broker: BrokerInternals,
  name: string,
  change: (apiKey: number, make: MakeRequest) => MakeRequest,
): void {
  const { lookupRequest } = broker
  const known = made.get(lookupRequest)
  if (known?.has(name)) return
  const amended: LookupRequest = (apiKey, definition) => change(apiKey, lookupRequest(apiKey, definition))
  made.set(amended, new Set([...(known ?? []), name]))
  broker.lookupRequest = amended
}
