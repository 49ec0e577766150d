import { randomInt } from 'node:crypto'
import type { IncomingRequest } from './contract.js'
import type { DrachtioRequest, DrachtioSocketState } from './drachtio.js'
import { toIncomingRequest } from './messages.js'

/** Who sends an UPDATE before the call is answered: the side that has called us, or the one that we call. */
export type EarlySide = 'caller' | 'callee'

/**
 * Answers the UPDATEs of a call that is not answered yet. One with an offer has to wait: the offer of our INVITE has no answer (491), or the
 * caller's own has none (500 with Retry-After; RFC 3311 §5.2). One without an offer refreshes the remote target alone.
 */
export function answerEarlyUpdates(invite: DrachtioRequest, side: EarlySide): void {
  invite.removeAllListeners('update')
  invite.on('update', (raw: DrachtioRequest) => answer(toIncomingRequest(raw), side))
}

function answer(request: IncomingRequest, side: EarlySide): void {
  if (request.body === '') request.respond(200)
  else if (side === 'callee') request.respond(491)
  else request.respond(500, { headers: { 'Retry-After': String(randomInt(0, 11)) } })
}

/**
 * drachtio-srf looks for the INVITE of an UPDATE among all requests of the same call that wait for a response. With any other request it
 * would find nobody to answer, and the UPDATE would be lost: only INVITEs with a listener are shown to it, and the dialog gets the rest.
 */
export function passUpdates({ pendingSipRequests }: DrachtioSocketState): void {
  pendingSipRequests.forEach = (run) => {
    for (const [id, waits] of pendingSipRequests) if (waits.req.listenerCount('update') > 0) run(waits, id, pendingSipRequests)
  }
}
