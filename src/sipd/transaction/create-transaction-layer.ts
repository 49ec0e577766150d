import type { Clock } from '../../base/clock.js'
import { AppError, messageOf } from '../../base/errors.js'
import type { ListenAddress, Protocol } from '../../base/listen-address.js'
import type { Logger } from '../../base/logger.js'
import type { Defect } from '../../sip/checks.js'
import type { SipMessage, SipRequest } from '../../sip/message.js'
import { parseMessage } from '../../sip/parser.js'
import { defaultTimerBase, sipTimers, type TimerBase } from '../../sip/timers.js'
import { type ConnectionLimits, defaultConnectionLimits } from '../transport/connections.js'
import { type Flow, type Hop, isReliable } from '../transport/flow.js'
import { createDnsNames, createSystemDns, type Dns } from '../transport/locate/dns-names.js'
import { createNextHops } from '../transport/locate/next-hop.js'
import type { TlsIdentity } from '../transport/tls.js'
import { openTransports, type TransportEvents, type Transports } from '../transport/transports.js'
import type { OpenDatagramSocket } from '../transport/udp-socket.js'
import type { TimersFor } from './client-machine.js'
import { type ClientTransactions, createClientTransactions } from './client-transactions.js'
import { type Counts, newCounts } from './counts.js'
import { createOversizeRule } from './oversize.js'
import { createServerTransactions, type RequestFate, type ServerTransactions } from './server-transactions.js'
import { answerStateless } from './stateless-answer.js'
import type { ServerTransaction, TransactionLayer } from './transaction-layer.js'
import { stampReceived } from './via-stamp.js'

export interface TransactionLayerNeeds {
  readonly listen: readonly ListenAddress[]
  /** The host that Via shows instead of the listen address; null: that address. */
  readonly advertise: string | null
  readonly clock: Clock
  readonly log: Logger
  readonly timers?: TimerBase
  readonly limits?: Partial<LayerLimits>
  /** For tls and wss. */
  readonly tls?: TlsIdentity | null
  /** Defaults to the machine's resolver. */
  readonly dns?: Dns
  /** Defaults to real UDP; a test's may lose datagrams. */
  readonly openDatagramSocket?: OpenDatagramSocket
}

export interface LayerLimits extends ConnectionLimits {
  /** Server transactions at the same time, those included that only wait for copies. */
  readonly transactions: number
  /** The largest request for UDP (RFC 3261 §18.1.1), in bytes. */
  readonly datagramBytes: number
}

const defaultLimits: LayerLimits = { ...defaultConnectionLimits, transactions: 400_000, datagramBytes: 1_300 }
const retryAfterSeconds = '10'

interface Layer {
  readonly log: Logger
  readonly counts: Counts
  readonly transports: Transports
  readonly clients: ClientTransactions
  readonly servers: ServerTransactions
  onRequest: (transaction: ServerTransaction) => void
  onAck: (ack: SipRequest, flow: Flow, size: number) => void
}

/** The layer with what only its owner needs. */
export interface LiveTransactionLayer extends TransactionLayer {
  counts(): Counts
  /** Another certificate, without a restart. @throws AppError CONFIG_INVALID */
  renewTls(identity: TlsIdentity): void
}

/** Opens the listen addresses and runs RFC 3261 §17 and §18 over them. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE */
export async function createTransactionLayer(needs: TransactionLayerNeeds): Promise<LiveTransactionLayer> {
  const { clock, log } = needs
  const limits = { ...defaultLimits, ...needs.limits }
  const counts = newCounts()
  const onFault = (fault: unknown): void => {
    counts.faults += 1
    log.error({ event: 'node.fault', err: fault }, `SIP: ${messageOf(fault)}`)
  }
  const events = deferredEvents(counts, onFault)
  const transports = await openTransports({ ...needs, limits, events })
  const timersFor = timersOf(needs.timers ?? defaultTimerBase)
  const oversize = createOversizeRule({ transports, clock, limit: limits.datagramBytes })
  const shared = { transports, clock, timersFor, onFault }
  const clients = createClientTransactions({ ...shared, oversize })
  const servers = createServerTransactions({
    ...shared,
    limit: limits.transactions,
    onTransaction: (transaction) => layer.onRequest(transaction),
    onAck: (ack, flow, size) => layer.onAck(ack, flow, size),
  })
  const layer: Layer = { log, counts, transports, clients, servers, onRequest: ignore, onAck: ignore }
  events.serve(layer)
  const dns = needs.dns ?? createSystemDns()
  const nextHops = createNextHops({ names: createDnsNames({ dns, offered: offeredBy(transports) }), transports, clock })
  return {
    listening: transports.listening,
    onRequest(listener) {
      layer.onRequest = listener
    },
    onAck(listener) {
      layer.onAck = listener
    },
    locateNow: nextHops.findNow,
    locate: nextHops.find,
    send: (request, hop, user) => clients.send(request, hop, user),
    sendAck: (ack, hop) => sendAck(clients, ack, hop),
    counts: () => ({ ...counts }),
    renewTls: transports.renewTls,
    close() {
      clients.close()
      servers.close()
      return transports.close()
    },
  }
}

function ignore(): void {
  // Until the user has said who listens.
}

function timersOf(base: TimerBase): TimersFor {
  const reliable = sipTimers(base, 'reliable')
  const unreliable = sipTimers(base, 'unreliable')
  return ({ protocol }) => (isReliable(protocol) ? reliable : unreliable)
}

function offeredBy(transports: Transports): ReadonlySet<Protocol> {
  return new Set(transports.listening.map(({ protocol }) => protocol))
}

function sendAck(clients: ClientTransactions, ack: SipRequest, hop: Hop): ReturnType<TransactionLayer['sendAck']> {
  const sent = clients.sendOnce(ack, hop)
  return sent ? Promise.resolve(sent) : Promise.reject(new AppError('SIP_SEND_FAILED', 'no connection for the ACK'))
}

/** The sockets are open before there is anybody to serve; what comes in between is lost like any datagram. */
function deferredEvents(counts: Counts, onFault: (fault: unknown) => void): TransportEvents & { serve(layer: Layer): void } {
  let layer: Layer | null = null
  const guarded = (task: (layer: Layer) => void): void => {
    try {
      if (layer) task(layer)
    } catch (fault) {
      onFault(fault)
    }
  }
  return {
    serve(served) {
      layer = served
    },
    onMessage: (bytes, flow) => guarded((served) => receive(served, bytes, flow)),
    onUnframed: (head, flow, defect) => guarded((served) => answerUnframed(served, head, flow, defect)),
    onOpen: (flow) => guarded(({ clients }) => clients.onOpen(flow)),
    onGone: (flow, reason) =>
      guarded(({ clients, servers }) => {
        clients.onGone(flow, reason)
        servers.onGone(flow)
      }),
    onUnreachable: (remote, reason) => guarded(({ clients }) => clients.onUnreachable(remote, reason)),
    onRefused() {
      counts.refusedConnections += 1
    },
  }
}

function receive(layer: Layer, bytes: Buffer, flow: Flow): void {
  const parsed = parseMessage(bytes)
  if (parsed.outcome === 'message') accept(layer, parsed.message, flow, bytes.length)
  else if (parsed.outcome === 'malformed') reject(layer, parsed.request, flow, parsed)
}

function accept(layer: Layer, message: SipMessage, flow: Flow, size: number): void {
  const { counts } = layer
  if (message.kind === 'response') {
    counts.responses += 1
    if (!layer.clients.onResponse({ response: message, flow, size })) counts.strayResponses += 1
    return
  }
  counts.requests += 1
  stampReceived(message, flow.remote)
  settle(layer, layer.servers.onRequest(message, flow, size), message, flow)
}

function settle({ counts, transports }: Layer, fate: RequestFate, request: SipRequest, flow: Flow): void {
  if (fate === 'absorbed') counts.absorbed += 1
  else if (fate === 'merged') {
    counts.merged += 1
    answerStateless(transports, request, flow, { status: 482 })
  } else if (fate === 'full') {
    counts.refused += 1
    answerStateless(transports, request, flow, { status: 503, headers: [['Retry-After', retryAfterSeconds]] })
  }
}

/** Syntax ends here: the sender is told where that is possible, and nobody above hears of it. */
function reject({ counts, transports, log }: Layer, request: SipRequest | null, flow: Flow, { status, reason }: Defect): void {
  counts.malformed += 1
  log.debug({ event: 'sip.dropped', reason, answered: request !== null }, `malformed message: ${reason}`)
  if (!request) return
  stampReceived(request, flow.remote)
  answerStateless(transports, request, flow, { status, reason })
}

function answerUnframed(layer: Layer, head: Buffer, flow: Flow, defect: Defect): void {
  const parsed = parseMessage(head)
  if (parsed.outcome === 'malformed') reject(layer, parsed.request, flow, defect)
  else if (parsed.outcome === 'message') reject(layer, parsed.message.kind === 'request' ? parsed.message : null, flow, defect)
}
