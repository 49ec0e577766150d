import { parseMinSe } from '../../../sip/headers/session-expires.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Hop } from '../../transaction/transaction-layer.js'
import { composeInDialog } from '../compose.js'
import type { Core } from '../core.js'
import type { Dialog } from '../dialogs/dialog.js'
import { locateInDialog } from '../dialogs/dialog-hops.js'
import type { ServerRequests } from '../dialogs/server-requests.js'
import { bareRequest } from '../draft.js'
import { type SessionTerms, termsOf } from './session-terms.js'

/** Delay of a refresh that met another INVITE (RFC 3261 §14.1). */
const retryMs = 3_000

/** Session timers (RFC 4028): refreshes sessions, and ends those that the far end does not refresh. */
export interface SessionKeeper {
  /** Restarts the timer with these terms; null stops it. `peer` is the far end's last message of the negotiation. */
  keep(dialog: Dialog, terms: SessionTerms | null, peer: SipRequest | SipResponse): void
}

interface Keeper {
  readonly core: Core
  readonly serverRequests: ServerRequests
}

interface Session {
  readonly dialog: Dialog
  readonly terms: SessionTerms
  /** RFC 4028 §7.4: UPDATE where the far end takes it, because it needs no offer. */
  readonly method: 'UPDATE' | 'INVITE'
  /** The refresh under way is the second attempt after a 422. */
  readonly hasLengthened: boolean
}

export function createSessionKeeper(core: Core, serverRequests: ServerRequests): SessionKeeper {
  const keeper: Keeper = { core, serverRequests }
  return {
    keep(dialog, terms, peer) {
      dialog.expiry?.cancel()
      dialog.expiry = null
      // A session begins with the 2xx to the INVITE: an UPDATE while it rings sets no timer.
      if (!terms || dialog.state !== 'confirmed' || !core.dialogs.has(dialog)) return
      const takesUpdate = peer.list('Allow').some((method) => method.toUpperCase() === 'UPDATE')
      watch(keeper, { dialog, terms, method: takesUpdate ? 'UPDATE' : 'INVITE', hasLengthened: false })
    },
  }
}

/** RFC 4028 §10: the refresher acts after half the interval; the other side ends the session shortly before its end. */
function watch(keeper: Keeper, session: Session): void {
  const { seconds, refresher } = session.terms
  if (refresher === 'us') after(keeper, session, seconds / 2, () => refresh(keeper, session))
  else after(keeper, session, seconds - grace(seconds), () => expire(keeper, session))
}

function grace(seconds: number): number {
  return Math.min(32, seconds / 3)
}

function after({ core }: Keeper, { dialog }: Session, seconds: number, run: () => void): void {
  dialog.expiry = core.clock.after(seconds * 1000, run)
}

function expire({ serverRequests }: Keeper, { dialog }: Session): void {
  serverRequests.end(dialog, { text: 'Session timer expired', record: 'session-expired', news: 'told' })
}

function refresh(keeper: Keeper, session: Session): void {
  const { dialog } = session
  if (dialog.inviting.us || dialog.inviting.them) {
    after(keeper, session, retryMs / 1000, () => refresh(keeper, session))
    return
  }
  // Without a response the session ends with its interval.
  const { seconds } = session.terms
  after(keeper, session, seconds / 2 - grace(seconds), () => expire(keeper, session))
  locateInDialog(keeper.core, dialog, '', { found: (hops) => send(keeper, session, hops), failed: () => undefined })
}

function send({ core, serverRequests }: Keeper, session: Session, hops: readonly [Hop, ...Hop[]]): void {
  const { dialog, terms, method } = session
  dialog.localSeq += 1
  const fields = [
    { name: 'Session-Expires', value: `${terms.seconds};refresher=uac` },
    ...(terms.least === undefined ? [] : [{ name: 'Min-SE', value: String(terms.least) }]),
    { name: 'Supported', value: 'timer' },
  ]
  const description = method === 'INVITE' ? dialog.description : null
  if (description) fields.push({ name: 'Content-Type', value: description.type })
  const body = Buffer.from(description?.text ?? '', 'latin1')
  const composed = composeInDialog({ ...bareRequest(method), fields, body }, dialog, hops[0], dialog.localSeq)
  if ('refusal' in composed) return
  const { message } = composed
  if (method === 'INVITE') dialog.inviting.us = true
  core.sender.send(message, hops, {
    sent: () => undefined,
    received(response, { flow }) {
      if (response.status < 200) return
      if (method === 'INVITE') finishInvite(serverRequests, dialog, message, response)
      if (core.dialogs.has(dialog))
        applyRefreshResult({ core, serverRequests }, session, { refresh: message, response, isFromFarEnd: flow !== null })
    },
  })
}

interface RefreshResult {
  readonly refresh: SipRequest
  readonly response: SipResponse
  readonly isFromFarEnd: boolean
}

/** RFC 3261 §12.2.1.2: the far end does not know the dialog, or does not respond. */
const lost: ReadonlySet<number> = new Set([408, 481])
/** The far end does not support UPDATE, although its Allow lists it (RFC 3261 §21.4.6, §21.5.2). */
const noUpdate: ReadonlySet<number> = new Set([405, 420, 501])

function applyRefreshResult(keeper: Keeper, session: Session, { refresh: request, response, isFromFarEnd }: RefreshResult): void {
  const { dialog, terms } = session
  const { status } = response
  if (lost.has(status)) {
    expire(keeper, session)
    return
  }
  // The refresh could not be sent; the far end may reconnect before the session expires.
  if (!isFromFarEnd) return
  dialog.expiry?.cancel()
  const longer = longerTerms(session, response)
  if (status < 300) watch(keeper, { ...session, terms: termsOf(request, response) ?? terms, hasLengthened: false })
  else if (longer) refresh(keeper, { ...session, terms: longer, hasLengthened: true })
  else if (noUpdate.has(status) && session.method === 'UPDATE') refresh(keeper, { ...session, method: 'INVITE' })
  // A refusal shows that the far end is alive.
  else after(keeper, session, status === 491 ? retryMs / 1000 : terms.seconds / 4, () => refresh(keeper, session))
}

/** Once after a 422, which asks for a longer interval (RFC 4028 §7.3). */
function longerTerms({ terms, hasLengthened }: Session, response: SipResponse): SessionTerms | null {
  const least = response.status === 422 && !hasLengthened ? parseMinSe(response.first('Min-SE')) : null
  return least !== null && least > terms.seconds ? { ...terms, seconds: least, least } : null
}

function finishInvite(serverRequests: ServerRequests, dialog: Dialog, invite: SipRequest, response: SipResponse): void {
  dialog.inviting.us = false
  if (response.status < 300) serverRequests.sendAck(dialog, invite, null)
}
