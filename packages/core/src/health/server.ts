import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HoldfastError } from '../errors/holdfast-error.ts'
import type { HealthCode } from '../policy/health.ts'
import { type HealthSource, LIVENESS_CODES, type ProbeName, probe } from './probes.ts'

/** Options of `createHealthServer`. */
export interface HealthServerOptions {
  /** The consumers of this process. A probe passes if it does for each of them. */
  readonly consumers: readonly HealthSource[]
  /** 0 for any that is free; `address` says which. */
  readonly port: number
  /** The address to listen on; a kubelet needs `0.0.0.0` or `::`. @default '127.0.0.1' */
  readonly host?: string
  /**
   * The unhealthy reasons for which liveness fails, and the process is restarted.
   * @default ['failed', 'silent', 'stalled', 'not-a-member']
   */
  readonly livenessCodes?: readonly HealthCode[]
}

/** A server for probes that listens. */
export interface HealthServer extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number }
  /** Ends every connection, idle ones at once; resolves when the port is free. */
  close(): Promise<void>
}

const PROBES: ReadonlyMap<string, ProbeName> = new Map([
  ['/livez', 'liveness'],
  ['/healthz', 'liveness'],
  ['/readyz', 'readiness'],
])
/** A probe's request is one short line; whoever takes longer only holds a connection. */
const REQUEST_LIMIT_MS = 5_000

/**
 * Serves `/livez` (also as `/healthz`) and `/readyz`: 200 or 503, with the reasons as JSON. Resolves when it listens. It does
 * not keep the process alive by itself.
 * @throws HF_OPTION_INVALID, HF_LISTEN_FAILED
 */
export async function createHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { consumers, port, host = '127.0.0.1', livenessCodes = LIVENESS_CODES } = options
  check(consumers, port)
  const server = createServer(
    { requestTimeout: REQUEST_LIMIT_MS, headersTimeout: REQUEST_LIMIT_MS },
    (request, response) => answer(request, response, (name) => probe(name, consumers, livenessCodes)),
  )
  // A prober that keeps its connection, or never ends its request, would keep the process.
  server.on('connection', (socket) => socket.unref())
  await listen(server, port, host)
  server.unref()
  const bound = server.address() as AddressInfo
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { address: Object.freeze({ host: bound.address, port: bound.port }), close, [Symbol.asyncDispose]: close }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  ask: (name: ProbeName) => ReturnType<typeof probe>,
): void {
  const { method = '', url = '' } = request
  const name = PROBES.get(url.replace(/\?.*$/s, ''))
  if (name === undefined) return reply(request, response, 404, { error: `use ${[...PROBES.keys()].join(', ')}` })
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return reply(request, response, 405, { error: 'use GET or HEAD' })
  }
  try {
    const report = ask(name)
    reply(request, response, report.status === 'pass' ? 200 : 503, report)
  } catch {
    // An error here would end the process; a probe that cannot be answered has failed.
    reply(request, response, 500, { error: 'the status of a consumer cannot be read' })
  }
}

function reply({ method }: IncomingMessage, response: ServerResponse, statusCode: number, body: object): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`)
  response.writeHead(statusCode, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
  })
  response.end(method === 'HEAD' ? undefined : bytes)
}

function check(consumers: readonly HealthSource[], port: number): void {
  if (!Array.isArray(consumers) || consumers.length === 0) {
    throw invalid(
      'consumers',
      'consumers is empty: probes would pass whatever happens',
      'give every consumer of the process',
    )
  }
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return
  throw invalid(
    'port',
    `port = ${String(port)} is not allowed: it must be a whole number from 0 to 65535`,
    'correct port',
  )
}

function invalid(option: string, reason: string, fix: string): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `${reason}.\n  Fix: ${fix}.`, { details: { option } })
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void =>
      reject(
        new HoldfastError(
          'HF_LISTEN_FAILED',
          `the health server cannot listen on host = ${host}, port = ${port}: ${cause.code ?? cause.message}.\n  Fix: choose another port, or 0 for any that is free, and a host of this machine.`,
          { cause, details: { host, port } },
        ),
      )
    server.once('error', onError)
    server.listen(port, host, () => {
      server.off('error', onError)
      resolve()
    })
  })
}
