import type { Clock } from '../../../base/clock.js'
import { parseMinSe } from '../../../sip/headers/session-expires.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import { composeInDialog } from '../compose.js'
import type { Dialog } from '../dialogs/dialog.js'
import type { DialogLocator, Hops } from '../dialogs/dialog-locator.js'
import type { Dialogs } from '../dialogs/dialogs.js'
import type { ServerRequests } from '../dialogs/server-requests.js'
import { bareRequest, type RequestDraft } from '../draft.js'
import type { RequestSender } from '../uac/request-sender.js'
import { type SessionTerms, termsOf } from './session-terms.js'

/** Delay of a refresh that met another INVITE or UPDATE (RFC 3261 §14.1, RFC 3311 §5.1). */
const retrySeconds = 3

/** Session timers (RFC 4028): refreshes sessions, and ends those that the far end does not refresh. */
export interface SessionTimers {
  /** Null terms stop the timer. `peer` is the far end's last message of the negotiation. */
  restart(dialog: Dialog, terms: SessionTerms | null, peer: SipRequest | SipResponse): void
}

export interface SessionTimersNeeds {
  readonly clock: Clock
  readonly dialogs: Pick<Dialogs, 'has'>
  readonly sender: RequestSender
  readonly locator: DialogLocator
  readonly serverRequests: Pick<ServerRequests, 'end' | 'acknowledge'>
}

interface Session {
  readonly dialog: Dialog
  readonly terms: SessionTerms
  /** RFC 4028 §7.4: UPDATE if the far end allows it, because it needs no offer. */
  readonly method: 'UPDATE' | 'INVITE'
  /** The refresh under way is the second attempt after a 422. */
  readonly hasLengthened: boolean
}

/** RFC 3261 §12.2.1.2: the far end does not know the dialog, or does not respond. */
const lost: ReadonlySet<number> = new Set([408, 481])
/** The far end does not support UPDATE, although its Allow lists it (RFC 3261 §21.4.6, §21.5.2). */
const noUpdate: ReadonlySet<number> = new Set([405, 420, 501])

export function createSessionTimers({ clock, dialogs, sender, locator, serverRequests }: SessionTimersNeeds): SessionTimers {
  /** RFC 4028 §10: the refresher acts after half the interval; the other side ends the session shortly before its end. */
  function watch(session: Session): void {
    const { seconds, refresher } = session.terms
    if (refresher === 'us') after(session, seconds / 2, () => refresh(session))
    else after(session, seconds - grace(seconds), () => expire(session))
  }

  function after({ dialog }: Session, seconds: number, run: () => void): void {
    dialog.expiry = clock.after(seconds * 1000, run)
  }

  function expire({ dialog }: Session): void {
    serverRequests.end(dialog, { text: 'Session timer expired', record: 'session-expired' })
  }

  function refresh(session: Session): void {
    const { dialog, terms } = session
    const { inviting, updating } = dialog
    if (inviting.us || inviting.them || updating.us || updating.them) {
      after(session, retrySeconds, () => refresh(session))
      return
    }
    // Without a response the session ends with its interval.
    after(session, terms.seconds / 2 - grace(terms.seconds), () => expire(session))
    locator.locate(dialog, '', { found: (hops) => send(session, hops), failed: () => undefined })
  }

  function send(session: Session, hops: Hops): void {
    const { dialog, method } = session
    dialog.localSeq += 1
    const composed = composeInDialog(refreshDraft(session), dialog, hops[0], dialog.localSeq)
    if ('refusal' in composed) return
    const { message } = composed
    if (method === 'INVITE') dialog.inviting.us = true
    sender.send(message, hops, {
      sent: () => undefined,
      received(response, { flow }) {
        if (response.status < 200) return
        if (method === 'INVITE') dialog.inviting.us = false
        if (method === 'INVITE' && response.status < 300) serverRequests.acknowledge(dialog, message, null)
        if (!dialogs.has(dialog)) return
        if (lost.has(response.status)) expire(session)
        // Otherwise the refresh could not be sent; the far end may reconnect before the session expires.
        else if (flow !== null) applyResponse(session, message, response)
      },
    })
  }

  function applyResponse(session: Session, request: SipRequest, response: SipResponse): void {
    const { dialog, terms } = session
    const { status } = response
    dialog.expiry?.cancel()
    const longer = longerTerms(session, response)
    if (status < 300) watch({ ...session, terms: termsOf(request, response) ?? terms, hasLengthened: false })
    else if (longer) refresh({ ...session, terms: longer, hasLengthened: true })
    else if (noUpdate.has(status) && session.method === 'UPDATE') refresh({ ...session, method: 'INVITE' })
    // A refusal shows that the far end is alive.
    else after(session, status === 491 ? retrySeconds : terms.seconds / 4, () => refresh(session))
  }

  return {
    restart(dialog, terms, peer) {
      dialog.expiry?.cancel()
      dialog.expiry = null
      // A session begins with the 2xx to the INVITE: an UPDATE in an early dialog starts no timer.
      if (!terms || dialog.state !== 'confirmed' || !dialogs.has(dialog)) return
      const allowsUpdate = peer.list('Allow').some((method) => method.toUpperCase() === 'UPDATE')
      watch({ dialog, terms, method: allowsUpdate ? 'UPDATE' : 'INVITE', hasLengthened: false })
    },
  }
}

function grace(seconds: number): number {
  return Math.min(32, seconds / 3)
}

function refreshDraft({ dialog, terms, method }: Session): RequestDraft {
  const fields = [
    { name: 'Session-Expires', value: `${terms.seconds};refresher=uac` },
    ...(terms.least === undefined ? [] : [{ name: 'Min-SE', value: String(terms.least) }]),
    { name: 'Supported', value: 'timer' },
  ]
  const description = method === 'INVITE' ? dialog.description : null
  if (description) fields.push({ name: 'Content-Type', value: description.type })
  return { ...bareRequest(method), fields, body: Buffer.from(description?.text ?? '', 'latin1') }
}

/** Once after a 422, which asks for a longer interval (RFC 4028 §7.3). */
function longerTerms({ terms, hasLengthened }: Session, response: SipResponse): SessionTerms | null {
  const least = response.status === 422 && !hasLengthened ? parseMinSe(response.first('Min-SE')) : null
  return least !== null && least > terms.seconds ? { ...terms, seconds: least, least } : null
}
