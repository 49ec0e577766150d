import type { Alarm, Milliseconds } from '../../../base/clock.js'
import type { MachineState } from '../../../base/machine.js'
import type { NameAddr } from '../../../sip/headers/name-addr.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Endpoint, Flow, Hop } from '../../transaction/transaction-layer.js'
import type { Application } from '../application.js'
import type { DialogState } from './dialog-table.js'
import { type Path, pathTo } from './route-set.js'

/** A dialog (RFC 3261 §12) and the application it belongs to. */
export interface Dialog extends MachineState<DialogState> {
  /** drachtio's: `<Call-ID>;from-tag=<tag of the creating request>`; forks of one INVITE share it. */
  readonly id: string
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
  /** From and To of our requests, with tags. */
  readonly local: string
  readonly remote: string
  /** The method of the request that created the dialog. */
  readonly creator: string
  readonly application: Application
  /** Our last CSeq number. */
  localSeq: number
  /** The far end's last CSeq number; null before its first request. */
  remoteSeq: number | null
  routeSet: readonly string[]
  remoteTarget: string
  path: Path
  /** Requests go over this flow; null: to the remote target (see flow-choice.ts). */
  flow: Flow | null
  /** The application named the flow of a phone: requests go over the flow that the phone used last. */
  followsFlow: boolean
  /** The local socket that the far end has sent to. */
  socket: Endpoint
  /** The far end has not proved itself: its Contact and Record-Route must not lead us to third parties. */
  isPinned: boolean
  /** Created by an emergency call from the far end. */
  readonly isEmergency: boolean
  /** The hops that `path.next` was resolved to; null after every change of it. */
  hops: readonly Hop[] | null
  /** Our Contact. */
  contact: string
  /** Ends a subscription that is not refreshed (RFC 6665); refreshes or ends a session (RFC 4028). */
  expiry: Alarm | null
  /** The session description that we sent last. */
  description: Description | null
  /** An INVITE of that side has no final response yet (RFC 3261 §14). */
  readonly inviting: { us: boolean; them: boolean }
  /** An UPDATE has no final response yet (RFC 3311 §5.2): ours with an offer, any of the far end. */
  readonly updating: { us: boolean; them: boolean }
  /** When the last ACK arrived, epoch milliseconds. */
  acknowledgedAt: Milliseconds
}

/** The body of an INVITE or of its response; it may hold more than the session description. */
export interface Description {
  readonly type: string
  /** latin1: a slice of a buffer would keep its neighbours in memory as long as the call lasts. */
  readonly text: string
}

/** Null without a body. */
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
  readonly isEmergency?: boolean
  readonly contact: string
}

export function dialogId(callId: string, fromTag: string): string {
  const id = `${callId};from-tag=${fromTag}`
  // `|` separates the words of the wire.
  return id.includes('|') ? id.replaceAll('|', '%7C') : id
}

/** True for a request whose 2xx (for INVITE also a tagged 1xx) creates a dialog. */
export function createsDialog({ method }: SipRequest): boolean {
  return method === 'INVITE' || method === 'SUBSCRIBE' || method === 'REFER'
}

export function newDialog(parts: DialogParts): Dialog {
  // Field by field: spreading the parts would cost more than everything else here.
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
    isEmergency: parts.isEmergency ?? false,
    contact: parts.contact,
    path: pathTo(parts.remoteTarget, parts.routeSet),
    hops: null,
    expiry: null,
    description: null,
    inviting: { us: false, them: false },
    updating: { us: false, them: false },
    acknowledgedAt: 0,
    state: 'early',
    running: null,
    repeatMs: 0,
    isBusy: false,
    queue: null,
  }
}

/** How a message with a Contact arrived, and the flow that it asks requests to use. */
export interface TargetRefresh {
  readonly arrivedOn: Flow
  /** Null: to the remote target. */
  readonly flow: Flow | null
}

/** RFC 3261 §12.2.1.2 and §12.2.2: the Contact of a target refresh request or its response is the new remote target. */
export function refreshTarget(dialog: Dialog, contact: NameAddr | undefined, { arrivedOn, flow }: TargetRefresh): void {
  if (!contact) return
  dialog.flow = dialog.isPinned ? ofSameFarEnd(dialog.flow, arrivedOn) : flow
  dialog.socket = arrivedOn.local
  if (contact.uri === dialog.remoteTarget) return
  dialog.remoteTarget = contact.uri
  dialog.path = pathTo(contact.uri, dialog.routeSet)
  dialog.hops = null
}

/** NAT may change the port, and a connection may be replaced by another; the address stays. */
function ofSameFarEnd(before: Flow | null, arrivedOn: Flow): Flow | null {
  return before?.protocol === arrivedOn.protocol && before.remote.address === arrivedOn.remote.address ? arrivedOn : before
}

/** RFC 3261 §13.2.2.4: the 2xx determines the route set. */
export function setRoutes(dialog: Dialog, routeSet: readonly string[]): void {
  dialog.routeSet = routeSet
  dialog.path = pathTo(dialog.remoteTarget, routeSet)
  dialog.hops = null
}
