import { once } from 'node:events'
import { connect } from 'node:net'
import { within } from '../kafka/deadline.ts'

const ANSWER_MS = 2_000

/** Sends bytes to a server and answers the first that come back; undefined where nothing listens or nothing comes. */
export async function dial(host: string, port: number, bytes: string | Uint8Array): Promise<Buffer | undefined> {
  const socket = connect({ host, port })
  const answer = once(socket, 'data')
  try {
    await within(ANSWER_MS, once(socket, 'connect'))
    socket.write(bytes)
    const [data] = await within(ANSWER_MS, answer)
    return data as Buffer
  } catch {
    answer.catch(() => undefined)
    return undefined
  } finally {
    socket.destroy()
  }
}
