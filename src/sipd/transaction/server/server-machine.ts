import { createHash } from 'node:crypto'
import type { MachineState } from '../../../base/machine.js'
import { isRfc3261Branch } from '../../../sip/ids.js'
import type { SipRequest } from '../../../sip/message/message.js'
import type { SipTimers } from '../../../sip/timers.js'
import type { Endpoint, Flow } from '../../transport/flow.js'
import type { ServerTransaction } from '../transaction-layer.js'

/** An ACK and its flow. */
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
  /** Set while the same request by another path counts as merged (RFC 3261 §8.2.2.2). */
  mergeKey: string | null
  /** The user's side; null after the final response, which the machine outlives by half a minute. */
  transaction: ServerTransaction | null
  /** Source of the request. */
  readonly flow: Flow
  /** Destination of responses. */
  responseFlow: Flow
  /** Where to connect if the connection for responses is closed (RFC 3261 §18.2.2). */
  readonly reconnectTo: Endpoint
  /** Bytes that provisional responses leave for the final response, if the source is limited. */
  readonly reservedBytes: number
  /** A response other than 100 was sent. */
  isAnswered: boolean
  /** The latest response. */
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
  readonly reservedBytes: number
}

// Written out, because a spread takes ten times as long and this runs for every request.
export function newServerMachine({
  method,
  key,
  mergeKey,
  flow,
  responseFlow,
  reconnectTo,
  timers,
  reservedBytes,
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
    reservedBytes,
    isAnswered: false,
    response: null,
    onUnacknowledged: null,
    onTransportFailure: null,
  }
}

/** A longer key is stored as its hash, so that a long Via does not stay in memory for half a minute. */
const maxKeyLength = 200

function bounded(key: string): string {
  return key.length <= maxKeyLength ? key : `hash ${createHash('sha256').update(key).digest('base64url')}`
}

/**
 * The key of a transaction (RFC 3261 §17.2.3): branch, sent-by and method. For an ACK, and to find the INVITE of a CANCEL, `method` is INVITE.
 * Branches without the magic cookie are not unique, so such requests are matched by the fields of RFC 2543.
 */
export function serverKey(request: SipRequest, method: string): string {
  const { branch, host, port } = request.topVia
  if (isRfc3261Branch(branch)) return bounded(`${branch} ${host}:${port ?? ''} ${method}`)
  const { callId, cseq, from } = request
  return bounded(`2543 ${callId} ${cseq.number} ${from.tag} ${request.uri} ${host}:${port ?? ''} ${branch} ${method}`)
}

/** RFC 3261 §8.2.2.2; null for a request in a dialog, which cannot be a merged one. */
export function mergeKeyOf(request: SipRequest): string | null {
  return request.to.tag !== '' || request.method === 'CANCEL' ? null : sameRequestKey(request, request.method)
}

/** The same for a request by any path. To find the INVITE of an ACK, `method` is INVITE. */
export function sameRequestKey({ from, callId, cseq }: SipRequest, method: string): string {
  return bounded(`${callId} ${from.tag} ${cseq.number} ${method}`)
}

/** Releases memory after the final response. Only the response is kept, for retransmissions. */
export function release(machine: ServerMachine): void {
  if (machine.state === 'trying' || machine.state === 'proceeding') return
  machine.transaction = null
  machine.onUnacknowledged = null
  machine.onTransportFailure = null
  if (machine.state === 'accepted' || machine.state === 'confirmed') machine.response = null
}
