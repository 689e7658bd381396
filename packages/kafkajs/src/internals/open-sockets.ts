import type { Socket } from 'node:net'

/**
 * The connections of one client. kafkajs loses sight of one where two of its retries reconnect at once, after a broker was
 * restarted; such a connection would keep the process from ending.
 */
export class OpenSockets {
  readonly #open = new Set<Socket>()
  #isClosed = false

  track(socket: Socket): Socket {
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    if (this.#isClosed) end(socket)
    return socket
  }

  /** Ends what is open, and whatever is opened later. */
  close(): void {
    this.#isClosed = true
    for (const socket of this.#open) end(socket)
  }
}

/** With an error, since kafkajs ends the timers of a connection on `error` and on `end`, and does not listen to `close`. */
function end(socket: Socket): void {
  socket.destroy(new Error('the client has stopped'))
}
