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
import { answerStateless, type StatelessNeeds, type StatelessResponse } from './stateless-response.js'
import { stampReceived } from './via-stamp.js'

/** The way from bytes to transactions, for all that the transports tell. */
export interface IntakeNeeds {
  readonly transports: Transports
  readonly clients: ClientTransactions
  readonly servers: ServerTransactions
  readonly admission: Admission
  readonly counts: Counts
  readonly log: Logger
  /** The connection of somebody who has proved himself is gone. */
  readonly flowGone: (flow: string) => void
}

const retryAfterSeconds = '10'

export function createIntake(needs: IntakeNeeds): TransportEvents {
  const { clients, servers, counts } = needs
  return {
    onMessage: (bytes, flow) => receive(needs, bytes, flow),
    onUnframed: (head, flow, defect) => answerUnframed(needs, head, flow, defect),
    onOpen: (flow) => clients.onOpen(flow),
    onGone(flow, reason) {
      clients.onGone(flow, reason)
      servers.onGone(flow)
      if (!needs.admission.isStranger(flow)) needs.flowGone(flowKey(flow))
      needs.admission.forget(flow)
    },
    onUnreachable: (remote, reason) => clients.onUnreachable(remote, reason),
    onRefused() {
      counts.refusedConnections += 1
    },
  }
}

function receive(needs: IntakeNeeds, bytes: Buffer, flow: Flow): void {
  needs.admission.arrived(flow, bytes.length)
  const parsed = parseMessage(bytes)
  if (parsed.outcome === 'message') {
    if (parsed.leftOut > 0) noteLeftOut(needs, parsed)
    accept(needs, parsed.message, flow, bytes.length)
  } else if (parsed.outcome === 'malformed') {
    const { salvaged } = parsed
    if (salvaged && needs.admission.mayCallForHelp(salvaged)) accept(needs, salvaged, flow, bytes.length)
    else reject(needs, parsed.request, flow, parsed)
  }
}

function noteLeftOut({ counts, log }: IntakeNeeds, { message, leftOut }: { message: SipMessage; leftOut: number }): void {
  counts.leftOut += leftOut
  log.debug({ event: 'sip.headers', leftOut, callId: message.callId }, 'header fields that nobody needs are malformed and left out')
}

function accept(needs: IntakeNeeds, message: SipMessage, flow: Flow, size: number): void {
  const { counts, clients, servers, transports } = needs
  if (message.kind === 'response') {
    counts.responses += 1
    if (!clients.onResponse({ response: message, flow, size })) counts.strayResponses += 1
    else if (message.status >= 200 && message.status < 300) needs.admission.confirmed(flow)
    return
  }
  counts.requests += 1
  if (flow.protocol === 'tls' && message.topVia.params.has('alias')) transports.alias(flow, message.topVia.port ?? defaultPorts.tls)
  stampReceived(message, flow.remote)
  const fate = servers.onRequest(message, flow, size)
  settle(needs, fate, message, flow)
  if (fate !== 'dropped') transports.advance(flow, needs.admission.isStranger(flow) ? 'spoke' : 'proven')
}

const refusals: Readonly<Partial<Record<RequestFate, StatelessResponse>>> = {
  merged: { status: 482 },
  refused: { status: 503, headers: [['Retry-After', retryAfterSeconds]] },
  'too large': { status: 513 },
}

const counted: Readonly<
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
  const count = counted[fate]
  if (count) counts[count] += 1
  const answer = fate === 'challenged' ? admission.challengeFor(request, flow) : refusals[fate]
  if (answer) answerStateless(statelessNeeds(needs), request, flow, answer)
}

/** Syntax ends here: the sender is told where that is possible, and nobody above hears of it. */
function reject(needs: IntakeNeeds, request: SipRequest | null, flow: Flow, { status, reason }: Defect): void {
  const { counts, admission, log } = needs
  counts.malformed += 1
  admission.baffled(flow)
  log.debug({ event: 'sip.dropped', reason, answered: request !== null }, `malformed message: ${reason}`)
  if (!request) return
  stampReceived(request, flow.remote)
  answerStateless(statelessNeeds(needs), request, flow, { status, reason })
}

function answerUnframed(needs: IntakeNeeds, head: Buffer, flow: Flow, defect: Defect): void {
  const parsed = parseMessage(head)
  if (parsed.outcome === 'malformed') reject(needs, parsed.request, flow, defect)
  else if (parsed.outcome === 'message') reject(needs, parsed.message.kind === 'request' ? parsed.message : null, flow, defect)
}

function statelessNeeds({ transports, admission, counts }: IntakeNeeds): StatelessNeeds {
  return { transports, affords: admission.affords, counts }
}

/** Passes on what the transports tell while there is somebody to tell it to; a fault in one message ends there. */
export function createRelay(onFault: (fault: unknown) => void): TransportEvents & { to(served: TransportEvents | null): void } {
  let served: TransportEvents | null = null
  const relay = (tell: (to: TransportEvents) => void): void => {
    try {
      if (served) tell(served)
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
