import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'

/** Stands between a client and a server; armed, it lets the next request through and cuts the connection at its answer. */
export class CuttingProxy implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  isArmed = false

  private constructor(server: Server, target: { readonly host: string; readonly port: number }) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (client) => {
      const upstream = connect(target)
      client.on('data', (chunk) => void upstream.write(chunk))
      upstream.on('data', (chunk) => {
        if (!this.isArmed) return void client.write(chunk)
        this.isArmed = false
        client.destroy()
        upstream.destroy()
      })
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        socket.on('error', () => other.destroy())
        socket.on('close', () => other.destroy())
      }
    })
  }

  static async before(url: string): Promise<CuttingProxy> {
    const { hostname, port } = new URL(url)
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new CuttingProxy(server, { host: hostname, port: Number(port) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
  }
}
