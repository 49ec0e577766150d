import { parseCSeq } from '../../sip/headers/cseq.js'
import { parseNameAddr } from '../../sip/headers/name-addr.js'
import { readSavedDialog, type SavedDialog } from '../../sip/saved-dialog.js'
import { splitList } from '../../sip/syntax/list.js'
import type { IncomingRequest } from '../contract.js'
import type { DrachtioMessage } from '../drachtio.js'

/** A dialog of a subscription, and what only we need of it. */
export interface SavedSubscription extends SavedDialog {
  /** The Event header of the SUBSCRIBE: the package, and an `id`. */
  readonly event: string
  /** When `localSeq` was current, in epoch milliseconds. */
  readonly at: number
}

/** A notifier is assumed to send fewer NOTIFYs a second than this. */
const notifiesPerSecond = 16
/** Of a burst just after the text was saved. */
const mostInBurst = 256
/** RFC 3261 §8.1.1.5 */
const maxCSeq = 0x7fff_ffff

/** The dialog that a SUBSCRIBE and our 200 have begun. */
export function begunDialog(
  request: IncomingRequest,
  sent: Pick<DrachtioMessage, 'get'>,
  { seconds, now }: { readonly seconds: number; readonly now: number },
): SavedSubscription {
  const local = sent.get('To') ?? ''
  const remote = request.header('From')
  const cseq = sequenceOf(request)
  const event = request.header('Event').trim()
  return {
    callId: request.callId,
    localTag: parseNameAddr(local)?.tag ?? '',
    remoteTag: parseNameAddr(remote)?.tag ?? '',
    local,
    remote,
    localSeq: cseq,
    remoteSeq: cseq,
    routes: splitList(request.header('Record-Route')),
    target: targetOf(request) ?? '',
    contact: sent.get('Contact') ?? '',
    receivedOn: request.receivedOn,
    until: now + seconds * 1_000,
    event,
    at: now,
  }
}

/**
 * The dialog as it goes on at `now`. NOTIFYs that were sent after the text was saved had higher CSeq numbers, so it goes on above all of these: a far
 * end refuses lower ones, but not gaps (RFC 3261 §12.2.2). Null if the text is no saved subscription, or the subscription has expired.
 */
export function restoredDialog(text: string, now: number): SavedSubscription | null {
  const saved = readSavedDialog<SavedSubscription>(text)
  if (typeof saved?.event !== 'string' || !Number.isFinite(saved.at) || saved.until <= now) return null
  const { event, at = now } = saved
  const localSeq = saved.localSeq + mostInBurst + Math.max(0, Math.ceil(((now - at) / 1_000) * notifiesPerSecond))
  return localSeq < maxCSeq ? { ...saved, event, at: now, localSeq } : null
}

/** drachtio's id of the dialog: the far end has sent the request that created it. */
export function dialogIdOf({ callId, remoteTag }: Pick<SavedDialog, 'callId' | 'remoteTag'>): string {
  // `|` separates the words of the wire.
  return `${callId};from-tag=${remoteTag}`.replaceAll('|', '%7C')
}

/** 0 if the header is malformed. */
export function sequenceOf({ header }: Pick<IncomingRequest, 'header'>): number {
  return parseCSeq(header('CSeq'))?.number ?? 0
}

/** The URI of the Contact; null without one. */
export function targetOf({ header }: Pick<IncomingRequest, 'header'>): string | null {
  return parseNameAddr(splitList(header('Contact'))[0] ?? '')?.uri ?? null
}
