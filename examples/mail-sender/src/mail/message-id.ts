/** The same request always gets the same Message-ID, so a mail server, or a reader, can tell a repeat from a second mail. */
export function messageIdOf(requestId: string, domain = 'mail-sender.example'): string {
  return `<${requestId.toLowerCase()}@${domain}>`
}
