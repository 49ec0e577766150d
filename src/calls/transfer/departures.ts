import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import { callOptions, type IncomingRequest, type SipDialog } from '../../srf/srf.js'

/** The phones that have transferred their calls. */
export interface Departures {
  /** The phone's dialog has no other side any more. It may hang up by itself (RFC 5589 §6.1), or is hung up. */
  leave(dialog: SipDialog): void
  close(): void
}

/** For a phone to hang up by itself after its NOTIFY. */
const ownByeMs: Milliseconds = 1_000

const transferred = { Reason: 'SIP;cause=200;text="Transferred"' }

export function createDepartures(clock: Clock): Departures {
  const leaving = new Map<SipDialog, Alarm>()

  function hangUp(dialog: SipDialog): void {
    leaving.get(dialog)?.cancel()
    leaving.delete(dialog)
    if (!dialog.ended) void dialog.bye(transferred)
  }

  return {
    leave(dialog) {
      if (dialog.ended) return
      leaving.set(
        dialog,
        clock.after(ownByeMs, () => hangUp(dialog)),
      )
      dialog.onRequest(respond)
      dialog.onEnd(() => hangUp(dialog))
    },
    close() {
      for (const dialog of leaving.keys()) hangUp(dialog)
    },
  }
}

/** Nothing is left to negotiate. */
function respond(request: IncomingRequest): void {
  if (request.method === 'OPTIONS') request.respond(200, { headers: callOptions })
  // The subscription of its REFER has ended with the last NOTIFY.
  else if (request.method === 'SUBSCRIBE') request.respond(481)
  else request.respond(request.method === 'INVITE' || request.method === 'UPDATE' ? 488 : 403)
}
