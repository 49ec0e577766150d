import type { Alarm } from '../../../base/clock.js'
import type { NameAddr } from '../../../sip/headers/name-addr.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Endpoint, Flow, Hop } from '../../transaction/transaction-layer.js'
import type { Application } from '../application.js'
import { type Path, pathTo } from './route-set.js'

type DialogState = 'early' | 'confirmed' | 'ending'

/** A dialog (RFC 3261 §12) and the application it belongs to. */
export interface Dialog {
  /** drachtio's: `<Call-ID>;from-tag=<tag of the creating request>`; forks of one INVITE share it. */
  readonly id: string
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
  /** From of what we send, To of what we send: with tags. */
  readonly local: string
  readonly remote: string
  /** The method that made it. */
  readonly creator: string
  readonly application: Application
  state: DialogState
  /** Our last CSeq. */
  localSeq: number
  /** The far end's last CSeq; null before its first request. */
  remoteSeq: number | null
  routeSet: readonly string[]
  remoteTarget: string
  path: Path
  /** Where the remote target is not the way (see way.ts). */
  flow: Flow | null
  /** The application knows the flow of the far end, a phone, and has named it: requests go over the flow the phone used last. */
  followsFlow: boolean
  /** Our socket that the far end has spoken to. */
  socket: Endpoint
  /** The far end has proved nothing: what it names as its Contact or route must not lead us to others. */
  isPinned: boolean
  /** Made by an emergency call of the far end. */
  readonly isEmergency: boolean
  /** What `path.next` was found to be; forgotten with every new target. */
  hops: readonly Hop[] | null
  /** The Contact we show. */
  contact: string
  /** Ends a subscription that nobody ends (RFC 6665), keeps or ends a session (RFC 4028). */
  expiry: Alarm | null
  /** What we sent last of the session. */
  description: Description | null
  /** An INVITE of that side waits for its final response (RFC 3261 §14). */
  readonly inviting: { us: boolean; them: boolean }
  /** An UPDATE waits for its final response (RFC 3311 §5.2): ours with an offer, any of theirs. */
  readonly updating: { us: boolean; them: boolean }
  /** When the application was told of an ACK, epoch milliseconds. */
  acknowledgedAt: number
}

/** The body of an INVITE or of its answer; it may hold more than the session description. */
export interface Description {
  readonly type: string
  /** latin1: a slice of a buffer would keep its neighbours as long as the call lasts. */
  readonly text: string
}

/** Null where there was none. */
export function descriptionIn(message: SipRequest | SipResponse): Description | null {
  if (message.body.length === 0) return null
  return { type: message.first('Content-Type') ?? 'application/sdp', text: message.body.toString('latin1') }
}

export interface DialogParts {
  readonly callId: string
  /** Tag of the creating request's From. */
  readonly fromTag: string
  readonly localTag: string
  readonly remoteTag: string
  readonly local: string
  readonly remote: string
  readonly creator: string
  readonly application: Application
  readonly localSeq: number
  readonly remoteSeq: number | null
  readonly routeSet: readonly string[]
  readonly remoteTarget: string
  readonly flow: Flow | null
  readonly followsFlow: boolean
  readonly socket: Endpoint
  readonly isPinned: boolean
  readonly isHelp?: boolean
  readonly contact: string
}

export function dialogId(callId: string, fromTag: string): string {
  const id = `${callId};from-tag=${fromTag}`
  // `|` separates the words of the wire.
  return id.includes('|') ? id.replaceAll('|', '%7C') : id
}

export function newDialog(parts: DialogParts): Dialog {
  // Field by field: copying the rest of an object costs more than all else here.
  return {
    id: dialogId(parts.callId, parts.fromTag),
    callId: parts.callId,
    localTag: parts.localTag,
    remoteTag: parts.remoteTag,
    local: parts.local,
    remote: parts.remote,
    creator: parts.creator,
    application: parts.application,
    localSeq: parts.localSeq,
    remoteSeq: parts.remoteSeq,
    routeSet: parts.routeSet,
    remoteTarget: parts.remoteTarget,
    flow: parts.flow,
    followsFlow: parts.followsFlow,
    socket: parts.socket,
    isPinned: parts.isPinned,
    isEmergency: parts.isHelp ?? false,
    contact: parts.contact,
    state: 'early',
    path: pathTo(parts.remoteTarget, parts.routeSet),
    hops: null,
    expiry: null,
    description: null,
    inviting: { us: false, them: false },
    updating: { us: false, them: false },
    acknowledgedAt: 0,
  }
}

/** How a message that names a Contact came, and where it says that requests go. */
export interface TargetRefresh {
  readonly came: Flow
  /** Null: to the remote target. */
  readonly way: Flow | null
}

/** RFC 3261 §12.2.1.2 and §12.2.2: the Contact of a target refresh request or its answer is the new remote target. */
export function refreshTarget(dialog: Dialog, contact: NameAddr | undefined, { came, way }: TargetRefresh): void {
  if (!contact) return
  dialog.flow = dialog.isPinned ? sameFarEnd(dialog.flow, came) : way
  dialog.socket = came.local
  if (contact.uri === dialog.remoteTarget) return
  dialog.remoteTarget = contact.uri
  dialog.path = pathTo(contact.uri, dialog.routeSet)
  dialog.hops = null
}

/** NAT may change the port, and a connection may be followed by another one; the address stays. */
function sameFarEnd(before: Flow | null, came: Flow): Flow | null {
  return before?.protocol === came.protocol && before.remote.address === came.remote.address ? came : before
}

/** RFC 3261 §13.2.2.4: the route set is made anew from the 2xx. */
export function setRoutes(dialog: Dialog, routeSet: readonly string[]): void {
  dialog.routeSet = routeSet
  dialog.path = pathTo(dialog.remoteTarget, routeSet)
  dialog.hops = null
}
