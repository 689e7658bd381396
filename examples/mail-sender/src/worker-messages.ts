import type { Consumer } from '@holdfast/core'
import type { Mailer } from './mail/mailer.ts'

/** What a worker tells the process that forked it. A worker that was started by hand tells nobody. */
export type WorkerMessage =
  | { readonly type: 'joined'; readonly generationId: number; readonly partitions: readonly number[] }
  | { readonly type: 'opened' | 'closed'; readonly circuit: string }
  | { readonly type: 'delivered'; readonly messageId: string }

/** A worker whose parent is gone ends as after SIGTERM. */
export function followParent(): void {
  if (process.send !== undefined) process.once('disconnect', onParentGone)
}

/** Lets the process end: an open channel to the parent keeps it alive. */
export function endReports(): void {
  process.off('disconnect', onParentGone)
  if (process.connected) process.disconnect()
}

/** Tells of each assignment. */
export function reportGroup(consumer: Consumer): void {
  consumer.on('group:joined', ({ generationId, partitions }) =>
    tell({ type: 'joined', generationId, partitions: partitions.map(({ partition }) => partition) }),
  )
}

/** Tells when something that its mails need is down, and when it is back. */
export function reportCircuits(consumer: Consumer): void {
  consumer.on('circuit:closed', ({ circuit }) => tell({ type: 'closed', circuit }))
  // Not of each probe that finds it still down.
  consumer.on('circuit:opened', ({ circuit, downMs }) => {
    if (downMs === 0) tell({ type: 'opened', circuit })
  })
}

/** Tells of each mail that the server has taken. */
export function reportDeliveries(mailer: Mailer): Mailer {
  if (process.send === undefined) return mailer
  return {
    async send(letter, signal) {
      await mailer.send(letter, signal)
      tell({ type: 'delivered', messageId: letter.messageId })
    },
    [Symbol.asyncDispose]: () => mailer[Symbol.asyncDispose](),
  }
}

function onParentGone(): void {
  process.kill(process.pid, 'SIGTERM')
}

function tell(message: WorkerMessage): void {
  // The parent may go at any moment; then nobody needs to know.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}
