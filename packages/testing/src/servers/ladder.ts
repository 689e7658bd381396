import { ProvisioningError, type TriedWay } from '../kafka/provisioning-error.ts'
import type { ServerWay, TestServer, TestServerOptions } from './test-server.ts'

/** Tries the ways in order, and tells in one line which was taken. */
export async function climbTo(
  name: string,
  ways: readonly ServerWay[],
  { own = false, args = [], env = process.env, log = toStderr }: TestServerOptions,
): Promise<TestServer> {
  if (args.length > 0 && !own)
    throw new ProvisioningError('SERVER_OPTION_INVALID', `${name}: args are for a server of one's own; set own: true`)
  const tried: TriedWay[] = []
  for (const way of ways) {
    if (own && !way.isOwn) continue
    const outcome = await way.bringUp({ args, env })
    if ('absent' in outcome) {
      const { absent: reason, remedy } = outcome
      tried.push({ way: way.label, reason, ...(remedy === undefined ? {} : { remedy }) })
      continue
    }
    const description = [`${name}: ${outcome.title}`, ...tried.map(({ reason }) => reason)].join(' · ')
    log(description)
    const stop = (): Promise<void> => outcome.dispose()
    return { url: outcome.url, description, process: outcome.process, stop, [Symbol.asyncDispose]: stop }
  }
  throw new ProvisioningError('SERVER_NOT_FOUND', `no ${name} could be brought up:`, tried)
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`)
}
