import type { Logger } from '../../base/logger.js'
import type { SipMessage, SipRequest } from '../../sip/message/message.js'
import type { Defect } from '../../sip/parser/defect.js'
import { parseMessage } from '../../sip/parser/parser.js'
import { type Flow, flowKey } from '../transport/flow.js'
import { defaultPorts } from '../transport/locate/dns-names.js'
import type { TransportEvents, Transports } from '../transport/transports.js'
import type { Admission } from './admission/admission.js'
import type { ClientTransactions } from './client/client-transactions.js'
import type { Counts } from './counts.js'
import type { RequestFate, ServerTransactions } from './server/server-transactions.js'
import { respondStatelessly, type StatelessNeeds, type StatelessResponse } from './stateless-response.js'
import { stampReceived } from './via-stamp.js'

export interface IntakeNeeds {
  readonly transports: Transports
  readonly clients: ClientTransactions
  readonly servers: ServerTransactions
  readonly admission: Admission
  readonly isEmergencyDialog: (request: SipRequest) => boolean
  readonly counts: Counts
  readonly log: Logger
  /** The connection of a known source is closed. */
  readonly flowGone: (flow: string) => void
}

const retryAfterSeconds = '10'

/** Passes the events of the transports to the transactions: parses messages and checks their source. */
export function createIntake(needs: IntakeNeeds): TransportEvents {
  const { clients, servers, counts } = needs
  return {
    onMessage: (bytes, flow) => receive(needs, bytes, flow),
    onUnframed: (head, flow, defect) => respondToUnframed(needs, head, flow, defect),
    onOpen: (flow) => clients.onOpen(flow),
    onGone(flow, reason) {
      clients.onGone(flow, reason)
      servers.onGone(flow)
      if (!needs.admission.isUnknown(flow)) needs.flowGone(flowKey(flow))
      needs.admission.forget(flow)
    },
    onUnreachable: (remote, reason) => clients.onUnreachable(remote, reason),
    onRefused() {
      counts.refusedConnections += 1
    },
  }
}

function receive(needs: IntakeNeeds, bytes: Buffer, flow: Flow): void {
  needs.admission.receivedBytes(flow, bytes.length)
  const parsed = parseMessage(bytes)
  if (parsed.outcome === 'message') {
    if (parsed.leftOut > 0) noteLeftOut(needs, parsed)
    accept(needs, parsed.message, flow, bytes.length)
  } else if (parsed.outcome === 'malformed') {
    const { salvaged } = parsed
    if (salvaged && isOfEmergencyCall(needs, salvaged)) accept(needs, salvaged, flow, bytes.length)
    else reject(needs, parsed.request, flow, parsed)
  }
}

/** An emergency call is not refused for a malformed header, and not cut off for one either. */
function isOfEmergencyCall({ admission, isEmergencyDialog }: IntakeNeeds, request: SipRequest): boolean {
  return admission.mayBeEmergency(request) || isEmergencyDialog(request)
}

function noteLeftOut({ counts, log }: IntakeNeeds, { message, leftOut }: { message: SipMessage; leftOut: number }): void {
  counts.leftOut += leftOut
  log.debug({ event: 'sip.headers', leftOut, callId: message.callId }, 'ignored malformed optional header fields')
}

function accept(needs: IntakeNeeds, message: SipMessage, flow: Flow, size: number): void {
  const { counts, clients, servers, transports } = needs
  if (message.kind === 'response') {
    counts.responses += 1
    if (!clients.onResponse({ response: message, flow, size })) counts.strayResponses += 1
    else if (message.status >= 200 && message.status < 300) needs.admission.accepted(flow)
    return
  }
  counts.requests += 1
  if (flow.protocol === 'tls' && message.topVia.params.has('alias')) transports.alias(flow, message.topVia.port ?? defaultPorts.tls)
  stampReceived(message, flow.remote)
  const fate = servers.onRequest(message, flow, size)
  settle(needs, fate, message, flow)
  if (fate !== 'dropped') transports.advance(flow, needs.admission.isUnknown(flow) ? 'spoke' : 'proven')
}

const refusals: Readonly<Partial<Record<RequestFate, StatelessResponse>>> = {
  merged: { status: 482 },
  refused: { status: 503, headers: [['Retry-After', retryAfterSeconds]] },
  'too large': { status: 513 },
}

const counterFor: Readonly<
  Partial<Record<RequestFate, 'absorbed' | 'dropped' | 'merged' | 'refused' | 'challenged' | 'tooLarge' | 'ignored'>>
> = {
  absorbed: 'absorbed',
  dropped: 'dropped',
  merged: 'merged',
  refused: 'refused',
  challenged: 'challenged',
  'too large': 'tooLarge',
  ignored: 'ignored',
}

function settle(needs: IntakeNeeds, fate: RequestFate, request: SipRequest, flow: Flow): void {
  const { counts, admission } = needs
  const count = counterFor[fate]
  if (count) counts[count] += 1
  const response = fate === 'challenged' ? admission.challengeFor(request, flow) : refusals[fate]
  if (response) respondStatelessly(statelessNeeds(needs), request, flow, response)
}

/** Handles a malformed message. A request gets a response if possible. Nothing is passed on. */
function reject(needs: IntakeNeeds, request: SipRequest | null, flow: Flow, { status, reason }: Defect): void {
  const { counts, admission, log } = needs
  counts.malformed += 1
  admission.malformed(flow)
  log.debug({ event: 'sip.dropped', reason, answered: request !== null }, `malformed message: ${reason}`)
  if (!request) return
  stampReceived(request, flow.remote)
  respondStatelessly(statelessNeeds(needs), request, flow, { status, reason })
}

function respondToUnframed(needs: IntakeNeeds, head: Buffer, flow: Flow, defect: Defect): void {
  const parsed = parseMessage(head)
  if (parsed.outcome === 'malformed') reject(needs, parsed.request, flow, defect)
  else if (parsed.outcome === 'message') reject(needs, parsed.message.kind === 'request' ? parsed.message : null, flow, defect)
}

function statelessNeeds({ transports, admission, counts }: IntakeNeeds): StatelessNeeds {
  return { transports, maySend: admission.maySend, counts }
}

/** Passes on the events of the transports while there is a receiver. Catches faults, so that one message cannot end the server. */
export function createRelay(onFault: (fault: unknown) => void): TransportEvents & { to(served: TransportEvents | null): void } {
  let served: TransportEvents | null = null
  const relay = (deliver: (to: TransportEvents) => void): void => {
    try {
      if (served) deliver(served)
    } catch (fault) {
      onFault(fault)
    }
  }
  return {
    to(events) {
      served = events
    },
    onMessage: (bytes, flow) => relay((to) => to.onMessage(bytes, flow)),
    onUnframed: (head, flow, defect) => relay((to) => to.onUnframed(head, flow, defect)),
    onOpen: (flow) => relay((to) => to.onOpen(flow)),
    onGone: (flow, reason) => relay((to) => to.onGone(flow, reason)),
    onUnreachable: (remote, reason) => relay((to) => to.onUnreachable(remote, reason)),
    onRefused: () => relay((to) => to.onRefused()),
  }
}
