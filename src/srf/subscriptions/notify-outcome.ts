import type { SipReply } from '../contract.js'

/** Statuses that end the dialog or the subscription (RFC 5057 §5.1). */
const ends: ReadonlySet<number> = new Set([404, 405, 410, 416, 481, 482, 484, 485, 489, 501, 604])

/**
 * Whether the response to a NOTIFY ends the subscription: the far end does not know it, or has been silent for 64 × T1 (RFC 6665 §4.2.2). After any
 * other failure, such as a connection that is closed, it goes on until it expires.
 */
export function endsSubscription({ status }: Pick<SipReply, 'status'>): boolean {
  return status === 408 || ends.has(status)
}
