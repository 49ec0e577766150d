import type { Clock } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { ListenAddress, Protocol } from '../../base/listen-address.js'
import type { Logger } from '../../base/logger.js'
import type { SipRequest, SipResponse } from '../../sip/message/message.js'
import { sipTimers, type TimerBase } from '../../sip/timers.js'
import { descriptorLimit } from '../descriptors.js'
import { createRecording, type Recorded, type Recording, type RecordSearch } from '../recording.js'
import { type AcceptLimits, acceptLimits } from '../transport/accept-limiter.js'
import { type ConnectionLimits, connectionLimits } from '../transport/connections.js'
import { type Flow, flowKey, isReliable } from '../transport/flow.js'
import { createKeepAlive } from '../transport/keep-alive.js'
import { createDnsNames, createSystemDns, type Dns } from '../transport/locate/dns-names.js'
import { createNextHops, type NextHops } from '../transport/locate/next-hop.js'
import type { TlsIdentity } from '../transport/tls.js'
import { openTransports, type TransportEvents, type Transports } from '../transport/transports.js'
import type { OpenDatagramSocket } from '../transport/udp-socket.js'
import { type Admission, type AdmissionLimits, admissionLimits, createAdmission } from './admission/admission.js'
import type { KnownSources } from './admission/sources/known-sources.js'
import { createTrunkAddresses } from './admission/sources/trunk-addresses.js'
import { type ClientTransactions, createClientTransactions } from './client/client-transactions.js'
import { createOversizeRule } from './client/oversize.js'
import { type Counts, type Load, newCounts } from './counts.js'
import { createIntake, createRelay } from './intake.js'
import { createServerTransactions, type ServerTransactions } from './server/server-transactions.js'
import type { ServerTransaction, TransactionLayer } from './transaction-layer.js'
import type { TimersFor } from './transaction-table.js'

export interface TransactionLayerNeeds {
  readonly listen: readonly ListenAddress[]
  /** Host in Via instead of the listen address; null: the listen address. */
  readonly advertise: string | null
  readonly clock: Clock
  readonly log: Logger
  readonly timers: TimerBase
  readonly limits?: Partial<LayerLimits>
  /** Emergency numbers, which can be set without the other limits. */
  readonly emergency?: readonly string[]
  /** For tls and wss. */
  readonly tls?: TlsIdentity | null
  /** Web pages that may connect by WebSocket. */
  readonly origins?: readonly string[] | undefined
  /** Called when the connection of a known source is closed: `tcp 192.0.2.7:40312`. */
  readonly flowGone?: ((flow: string) => void) | undefined
  /** The machine's resolver by default. */
  readonly dns?: Dns
  /** Real UDP by default. In tests it may lose datagrams. */
  readonly openDatagramSocket?: OpenDatagramSocket
}

export interface LayerLimits extends ConnectionLimits, AcceptLimits, AdmissionLimits {
  /** The largest request for UDP (RFC 3261 §18.1.1), in bytes. */
  readonly datagramBytes: number
}

const layerLimits: LayerLimits = { ...connectionLimits, ...acceptLimits, ...admissionLimits, datagramBytes: 1_300 }

/** The layer, with functions for its owner. */
export interface LiveTransactionLayer extends TransactionLayer {
  counts(): Counts
  load(): Load
  /** Changes the certificate without a restart. @throws AppError CONFIG_INVALID */
  renewTls(identity: TlsIdentity): void
  /** From now on all other sources are unknown and limited. */
  setKnownSources(sources: KnownSources): void
  /** Closes these connections, except those in use and those in calls. See Sipd. */
  closeIdle(flows: readonly string[], inCall: ReadonlySet<number | null>): void
  /** Messages that are still in memory. */
  recorded(search: RecordSearch): Recorded
}

interface Listeners {
  onRequest: (transaction: ServerTransaction) => void
  onAck: (ack: SipRequest, flow: Flow, size: number) => void
  isKnownDialog: (request: SipRequest) => boolean
  isEmergencyDialog: (request: SipRequest) => boolean
}

/** Opens the listen addresses and runs RFC 3261 §17 and §18 over them. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID */
export async function createTransactionLayer(needs: TransactionLayerNeeds): Promise<LiveTransactionLayer> {
  const { clock, log } = needs
  const wanted = { ...layerLimits, ...needs.limits, ...(needs.emergency && { emergency: needs.emergency }) }
  const limits = { ...wanted, connections: Math.min(wanted.connections, maxConnections()) }
  const counts = newCounts()
  const onFault = countedFaults(counts, log)
  const relay = createRelay(onFault)
  const recording = createRecording(clock)
  const watching = { events: relay, onSent: recording.addSent, mayIdle: (flow: Flow) => admission.mayIdle(flow) }
  const transports = await openTransports({ ...needs, limits, ...watching })
  const timersFor = timersOf(needs.timers)
  const oversize = createOversizeRule({ transports, clock, limit: limits.datagramBytes })
  const maySend = (flow: Flow, bytes: number, reserved?: number): boolean => admission.maySend(flow, bytes, reserved)
  const clients = createClientTransactions({ transports, clock, timersFor, onFault, oversize, counts, maySend })
  const listeners: Listeners = { onRequest: ignore, onAck: ignore, isKnownDialog: () => true, isEmergencyDialog: () => false }
  const servers: ServerTransactions = createServerTransactions({
    transports,
    clock,
    timersFor,
    counts,
    onFault,
    judge: (request, flow, size) => admission.judge(request, flow, size),
    isUnvalidated: (flow) => admission.isUnvalidated(flow),
    maySend,
    onAnswered(request, flow, response) {
      admission.responded(request, flow, response)
      if (response.status >= 300 && admission.isEmergency(request)) transports.emergencyCallEnded(flow)
      if (!admission.isUnknown(flow) || takesCall(request, response)) transports.advance(flow, 'proven')
    },
    onTransaction(transaction) {
      if (admission.isEmergency(transaction.request)) transports.advance(transaction.flow, 'emergency call')
      listeners.onRequest(transaction)
    },
    onAck(ack, flow, size) {
      if (listeners.isKnownDialog(ack)) admission.validateAddress(flow)
      listeners.onAck(ack, flow, size)
    },
  })
  const admission = createAdmission({
    clock,
    log,
    limits,
    occupied: () => servers.size,
    unanswered: () => servers.unanswered,
    continues: (request) =>
      request.method === 'CANCEL' ? servers.cancels(request) : request.to.tag !== '' && listeners.isKnownDialog(request),
    onBanned: (flow) => transports.closeConnection(flow),
  })
  const isEmergencyDialog = (request: SipRequest): boolean => listeners.isEmergencyDialog(request)
  const intake = { transports, clients, servers, admission, isEmergencyDialog, counts, log, flowGone: needs.flowGone ?? ignore }
  relay.to(recorded(createIntake(intake), recording))
  const dns = needs.dns ?? createSystemDns()
  const nextHops = createNextHops({ names: createDnsNames({ dns, offered: offeredBy(transports) }), transports, clock })
  const keepAlive = createKeepAlive({ transports, clock })
  let known: KnownSources | null = null
  const onFound = (): void => void (known && admission.setKnownSources(known, trusted.hops))
  const trusted = createTrunkAddresses({ find: nextHops.find, clock, onFound, onFault })
  return {
    ...userSide({ transports, clients, nextHops, listeners, admission }),
    counts: () => ({ ...counts }),
    load: () => ({
      serverTransactions: servers.size,
      clientTransactions: clients.size,
      unsettled: clients.unanswered + servers.unacknowledged,
      connections: transports.connections,
      bans: admission.bans,
      remembered: admission.remembered,
      isOverloaded: admission.isOverloaded,
    }),
    renewTls: transports.renewTls,
    closeIdle(flows, inCall) {
      const wanted = new Set(flows)
      const unanswered = servers.unansweredOn()
      const isInUse = (flow: Flow): boolean => inCall.has(flow.connection) || unanswered.has(flow.connection) || clients.isWaitingOn(flow)
      transports.closeIdle((flow) => wanted.has(flowKey(flow)) && !isInUse(flow))
    },
    recorded: recording.search,
    setKnownSources(sources) {
      known = sources
      keepAlive.follow(sources.keepAlive?.phones ?? [], sources.keepAlive?.everyMs ?? 0)
      trusted.follow(sources.uris)
      admission.setKnownSources(sources, trusted.hops)
    },
    close() {
      trusted.close()
      keepAlive.close()
      relay.to(null)
      dns.close?.()
      admission.close()
      clients.close()
      servers.close()
      return transports.close()
    },
  }
}

function countedFaults(counts: Counts, log: Logger): (fault: unknown) => void {
  return (fault) => {
    counts.faults += 1
    log.error({ event: 'node.fault', err: fault }, `SIP: ${messageOf(fault)}`)
  }
}

/** Records each message before it is handled. */
function recorded(events: TransportEvents, { addReceived }: Recording): TransportEvents {
  return {
    ...events,
    onMessage(bytes, flow) {
      addReceived(bytes, flow)
      events.onMessage(bytes, flow)
    },
  }
}

interface UserSideNeeds {
  readonly transports: Transports
  readonly clients: ClientTransactions
  readonly nextHops: NextHops
  readonly listeners: Listeners
  readonly admission: Admission
}

function userSide({ transports, clients, nextHops, listeners, admission }: UserSideNeeds): Omit<TransactionLayer, 'close'> {
  return {
    listening: transports.listening,
    isUrgent: admission.isUrgent,
    mayBeEmergency: admission.mayBeEmergency,
    isUnknownSource: admission.isUnknown,
    onRequest(listener) {
      listeners.onRequest = listener
    },
    onAck(listener) {
      listeners.onAck = listener
    },
    knowsDialogs(isKnown) {
      listeners.isKnownDialog = isKnown
    },
    knowsEmergencyDialogs(isKnown) {
      listeners.isEmergencyDialog = isKnown
    },
    locateNow: nextHops.findNow,
    locate: nextHops.find,
    send: (request, hop, user) => clients.send(request, hop, user),
    sendAck: (ack, hop) => clients.sendAck(ack, hop),
    repeatAck: ({ bytes, flow }) => void transports.send(bytes, flow),
  }
}

/** A quarter of the file descriptors is reserved for RTP, HTTP, Redis and files. */
function maxConnections(): number {
  return Math.floor(descriptorLimit() * 0.75)
}

/** An answered call keeps its connection, even from an unproven caller. */
function takesCall(request: SipRequest, response: SipResponse): boolean {
  return request.method === 'INVITE' && response.status < 300
}

function ignore(): void {
  // Until the user has registered a listener.
}

function timersOf(base: TimerBase): TimersFor {
  const reliable = sipTimers(base, 'reliable')
  const unreliable = sipTimers(base, 'unreliable')
  return ({ protocol }) => (isReliable(protocol) ? reliable : unreliable)
}

function offeredBy(transports: Transports): ReadonlySet<Protocol> {
  return new Set(transports.listening.map(({ protocol }) => protocol))
}
