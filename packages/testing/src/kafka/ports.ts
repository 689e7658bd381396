import { createServer, type Server } from 'node:net'

// Below the range that systems hand out by themselves: while a killed broker is down, a client that
// reconnects to it could otherwise be given that very port and keep the broker from coming back.
const LOWEST = 16_384
const HIGHEST = 32_767
const ATTEMPTS = 200

/** `count` different ports of loopback that nothing listened on a moment ago. */
export async function freePorts(count: number, random: () => number = Math.random): Promise<number[]> {
  const held: Server[] = []
  const ports: number[] = []
  try {
    for (let attempt = 0; ports.length < count; attempt++) {
      if (attempt === ATTEMPTS) throw new Error(`no free port within ${LOWEST}-${HIGHEST}`)
      const port = LOWEST + Math.floor(random() * (HIGHEST - LOWEST + 1))
      const server = await listen(port)
      if (server === undefined) continue
      // Held until all are known, so that no port is given twice.
      held.push(server)
      ports.push(port)
    }
    return ports
  } finally {
    await Promise.all(held.map(close))
  }
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
