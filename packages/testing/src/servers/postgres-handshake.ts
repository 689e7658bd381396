import { dial } from './dial.ts'

/** What the server says to a user who shows no password: `open`, or why it is not. */
export async function askPostgres(host: string, port: number): Promise<'open' | 'closed' | 'silent'> {
  const answer = await dial(host, port, startupMessage({ user: 'postgres', database: 'postgres' }))
  if (answer === undefined) return 'silent'
  // An R with the number 0 is "you are in"; other numbers ask for a password, and E is an error, as one that starts up says.
  const isOpen = answer[0] === 0x52 && answer.length >= 9 && answer.readInt32BE(5) === 0
  return isOpen ? 'open' : 'closed'
}

function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(parameters)
    .flat()
    .map((part) => `${part}\0`)
    .join('')
  const message = Buffer.alloc(8 + text.length + 1)
  message.writeInt32BE(message.length, 0)
  // Version 3.0 of the protocol.
  message.writeInt32BE(0x00030000, 4)
  message.write(text, 8, 'latin1')
  return message
}
