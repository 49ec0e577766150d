import { randomInt } from 'node:crypto'
import type { IncomingRequest } from './contract.js'
import type { DrachtioRequest, DrachtioSocketState } from './drachtio.js'
import { toIncomingRequest } from './messages.js'

/** The sender of an UPDATE before the call is answered: the far end that calls us, or the one that we call. */
export type EarlySide = 'caller' | 'callee'

/**
 * Responds to UPDATE before the call is answered (RFC 3311 §5.2). An offer has to wait: the offer of our INVITE has no answer yet (491), or
 * the caller's own offer has none (500 with Retry-After). An UPDATE without an offer only refreshes the remote target.
 */
export function respondToEarlyUpdates(invite: DrachtioRequest, side: EarlySide): void {
  invite.removeAllListeners('update')
  invite.on('update', (raw: DrachtioRequest) => respond(toIncomingRequest(raw), side))
}

function respond(request: IncomingRequest, side: EarlySide): void {
  if (request.body === '') request.respond(200)
  else if (side === 'callee') request.respond(491)
  else request.respond(500, { headers: { 'Retry-After': String(randomInt(0, 11)) } })
}

/**
 * drachtio-srf takes any pending request with the same Call-ID for the INVITE of an UPDATE. If that request has no listener, the UPDATE is
 * lost. So drachtio-srf sees only requests with a listener; without one, it passes the UPDATE to the dialog.
 */
export function passUpdates({ pendingSipRequests }: DrachtioSocketState): void {
  pendingSipRequests.forEach = (run) => {
    for (const [id, waits] of pendingSipRequests) if (waits.req.listenerCount('update') > 0) run(waits, id, pendingSipRequests)
  }
}
