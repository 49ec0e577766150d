import { createHash } from 'node:crypto'
import type { MachineState } from '../../../base/machine.js'
import { isRfc3261Branch } from '../../../sip/ids.js'
import type { SipRequest } from '../../../sip/message/message.js'
import type { SipTimers } from '../../../sip/timers.js'
import type { Endpoint, Flow } from '../../transport/flow.js'
import type { ServerTransaction } from '../transaction-layer.js'

/** An ACK, and how it came. */
export interface ReceivedAck {
  readonly request: SipRequest
  readonly flow: Flow
  readonly size: number
}

/** One server transaction. */
export interface ServerMachine extends MachineState<string> {
  readonly isInvite: boolean
  timers: SipTimers
  readonly key: string
  /** Set while a request by another way would be a merged one (RFC 3261 §8.2.2.2). */
  mergeKey: string | null
  /** What the user holds; null once it is answered for good: the machine outlives it by half a minute. */
  transaction: ServerTransaction | null
  /** Where the request came from. */
  readonly flow: Flow
  /** Where responses go. */
  responseFlow: Flow
  /** Where to connect to when the connection they should go over is gone (RFC 3261 §18.2.2). */
  readonly reconnectTo: Endpoint
  /** What provisional responses leave of the bytes that may go to the source. */
  readonly keptBytes: number
  /** More than 100 was sent. */
  isAnswered: boolean
  /** The response in hand, and the last one sent. */
  response: Buffer | null
  onUnacknowledged: (() => void) | null
  onTransportFailure: (() => void) | null
}

export interface ServerStart {
  readonly method: string
  readonly key: string
  readonly mergeKey: string | null
  readonly flow: Flow
  readonly responseFlow: Flow
  readonly reconnectTo: Endpoint
  readonly timers: SipTimers
  readonly keptBytes: number
}

// Written out: spreading the start into it costs ten times as much, and this is on the path of every request.
export function newServerMachine({
  method,
  key,
  mergeKey,
  flow,
  responseFlow,
  reconnectTo,
  timers,
  keptBytes,
}: ServerStart): ServerMachine {
  return {
    isInvite: method === 'INVITE',
    timers,
    state: 'idle',
    running: null,
    repeatMs: 0,
    isBusy: false,
    queue: null,
    key,
    mergeKey,
    transaction: null,
    flow,
    responseFlow,
    reconnectTo,
    keptBytes,
    isAnswered: false,
    response: null,
    onUnacknowledged: null,
    onTransportFailure: null,
  }
}

/** A longer key is stored as its hash: what a stranger writes into a Via must not stay in memory for half a minute. */
const longestKey = 200

function bounded(key: string): string {
  return key.length <= longestKey ? key : `hash ${createHash('sha256').update(key).digest('base64url')}`
}

/**
 * RFC 3261 §17.2.3: branch, sent-by and method, where `method` is the INVITE's for ACK and for what CANCEL looks for. Older
 * stacks' branches are not unique: their requests are matched by what makes one of RFC 2543 unique.
 */
export function serverKey(request: SipRequest, method: string): string {
  const { branch, host, port } = request.topVia
  if (isRfc3261Branch(branch)) return bounded(`${branch} ${host}:${port ?? ''} ${method}`)
  const { callId, cseq, from } = request
  return bounded(`2543 ${callId} ${cseq.number} ${from.tag} ${request.uri} ${host}:${port ?? ''} ${branch} ${method}`)
}

/** RFC 3261 §8.2.2.2; null for a request inside a dialog, which cannot be a merged one. */
export function mergeKeyOf(request: SipRequest): string | null {
  return request.to.tag !== '' || request.method === 'CANCEL' ? null : sameRequestKey(request, request.method)
}

/** What stays the same by whatever way a request comes; `method` is INVITE to find the INVITE of an ACK. */
export function sameRequestKey({ from, callId, cseq }: SipRequest, method: string): string {
  return bounded(`${callId} ${from.tag} ${cseq.number} ${method}`)
}

/** Lets go of what only an open transaction needs: after the final response, only the response is kept for retransmissions. */
export function release(machine: ServerMachine): void {
  if (machine.state === 'trying' || machine.state === 'proceeding') return
  machine.transaction = null
  machine.onUnacknowledged = null
  machine.onTransportFailure = null
  if (machine.state === 'accepted' || machine.state === 'confirmed') machine.response = null
}
