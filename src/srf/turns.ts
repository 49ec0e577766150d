import type { ReinviteReply } from './contract.js'
import type { DrachtioRequest } from './drachtio.js'
import { localReply } from './messages.js'

/** In a dialog there is one INVITE or offer at a time, in either direction (RFC 3261 §14.1, RFC 3311 §5.1). */
export interface Turns {
  /** A request of the far end. */
  arrived(request: DrachtioRequest): void
  /** Our response to it. */
  responded(request: DrachtioRequest, status: number): void
  /** Sends a request of ours. If it is not our turn, the reply is the one that the far end would give: 491. */
  send(request: Negotiation, run: () => Promise<ReinviteReply>): Promise<ReinviteReply>
}

interface Negotiation {
  readonly method: string
  readonly body?: string | undefined
}

export function createTurns(): Turns {
  let isOursPending = false
  // A SIP server may report a second one before the first has a response.
  const theirs = new Set<DrachtioRequest>()
  return {
    arrived(request) {
      if (isNegotiation(request)) theirs.add(request)
    },
    responded(request, status) {
      if (status >= 200) theirs.delete(request)
    },
    async send(request, run) {
      if (!isNegotiation(request)) return run()
      if (isOursPending || theirs.size > 0) return localReply(491, 'Request Pending', 'link')
      isOursPending = true
      return run().finally(() => {
        isOursPending = false
      })
    },
  }
}

function isNegotiation({ method, body = '' }: Negotiation): boolean {
  return method === 'INVITE' || (method === 'UPDATE' && body !== '')
}
