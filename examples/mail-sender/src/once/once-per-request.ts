import type { Middleware } from '@holdfast/core'
import { type IdempotencyStore, idempotent } from '@holdfast/idempotency'
import type { MailRequest } from '../mail-request.ts'

/** A week: so late a request may be redriven, or its producer send it again. */
const WINDOW_MS = 7 * 86_400_000
const LONGEST_LEASE_MS = 30_000

/**
 * A request has its mail once, by its id. What a worker that died was sending is sent by another when the lease ends, which
 * need not be before the group has noticed.
 */
export function oncePerRequest(store: IdempotencyStore, sessionTimeoutMs: number): Middleware {
  return idempotent<MailRequest>({
    store,
    namespace: 'mail',
    key: ({ value }) => value.id.toLowerCase(),
    windowMs: WINDOW_MS,
    leaseMs: Math.min(sessionTimeoutMs, LONGEST_LEASE_MS),
  })
}
