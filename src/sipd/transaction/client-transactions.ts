import type { Clock } from '../../base/clock.js'
import { newBranch } from '../../sip/ids.js'
import type { SipRequest } from '../../sip/message.js'
import { type Endpoint, endpointText, type Flow, type Hop } from '../transport/flow.js'
import { isLoopback, isPrivate } from '../transport/local-address.js'
import type { Transports } from '../transport/transports.js'
import {
  type ClientMachine,
  clientKey,
  createPaths,
  inputOf,
  letGo,
  newClientMachine,
  type Paths,
  type Received,
  type TimersFor,
} from './client-machine.js'
import type { Counts } from './counts.js'
import { ackOf, cancelOf } from './generated-requests.js'
import { createRunner, type Effect, type Runner } from './machine.js'
import type { OversizeRule } from './oversize.js'
import { createRetainer } from './retainer.js'
import type { ClientTransaction, ClientUser, SentAck } from './transaction-layer.js'
import { ourVia } from './via-stamp.js'

/** RFC 3261 §17.1: our own requests. */
export interface ClientTransactions {
  send(request: SipRequest, hop: Hop, user: ClientUser): ClientTransaction
  /** The ACK of a 2xx has no transaction. */
  sendAck(ack: SipRequest, hop: Hop): SentAck | null
  /** False where no transaction awaits it (RFC 3261 §17.1.3). */
  onResponse(received: Received): boolean
  /** An outgoing connection is established. */
  onOpen(flow: Flow): void
  /** A connection is gone, or was never established. */
  onGone(flow: Flow, reason: string): void
  /** A UDP peer's port is closed. */
  onUnreachable(remote: Endpoint, reason: string): void
  readonly size: number
  /** Those without a final response. */
  readonly unanswered: number
  close(): void
}

export interface ClientTransactionsNeeds {
  readonly transports: Transports
  readonly clock: Clock
  readonly timersFor: TimersFor
  readonly oversize: OversizeRule
  readonly counts: Pick<Counts, 'repeated' | 'withheld'>
  /** False: so many bytes may not go there, since it may be forged. */
  readonly affords: (flow: Flow, bytes: number) => boolean
  /** A user's listener has thrown. */
  readonly onFault: (fault: unknown) => void
}

interface Client extends ClientTransactionsNeeds {
  readonly machines: Map<string, ClientMachine>
  readonly paths: Paths
  readonly runner: Runner<ClientMachine>
  readonly retain: (bytes: Buffer) => Buffer
}

export function createClientTransactions(needs: ClientTransactionsNeeds): ClientTransactions {
  const machines = new Map<string, ClientMachine>()
  const paths = createPaths()
  const runner = createRunner<ClientMachine>({
    clock: needs.clock,
    onFault: needs.onFault,
    perform: (machine, effect) => perform(client, machine, effect),
    ended(machine) {
      machines.delete(machine.key)
      paths.leave(machine)
    },
  })
  const client: Client = { ...needs, machines, paths, runner, retain: createRetainer() }
  return {
    send: (request, hop, user) => begin(client, request, hop, user),
    sendAck: (ack, hop) => sendAck(client, ack, hop),
    onResponse: (received) => receive(client, received),
    onOpen(flow) {
      for (const machine of paths.on(flow.connection ?? '')) confirmStream(client, machine)
    },
    onGone(flow, reason) {
      for (const machine of paths.on(flow.connection ?? '')) losePath(client, machine, reason)
    },
    onUnreachable(remote, reason) {
      for (const machine of paths.on(endpointText(remote))) losePath(client, machine, reason)
    },
    get size() {
      return machines.size
    },
    get unanswered() {
      let count = 0
      for (const { state } of machines.values()) if (state !== 'completed' && state !== 'accepted') count += 1
      return count
    },
    close() {
      for (const machine of machines.values()) runner.reset(machine)
      machines.clear()
    },
  }
}

/** So long a stream may take that was only chosen for the size: many a firewall drops what asks for one, and UDP works. */
const streamPatienceMs = 1_000

function begin(client: Client, request: SipRequest, hop: Hop, user: ClientUser): ClientTransaction {
  const branch = newBranch()
  request.prepend('Via', ourVia(hop.protocol, hop.advertised, branch))
  let bytes = request.toBuffer()
  const stream = client.oversize.streamFor(hop, bytes.length)
  if (stream) bytes = restamp(request, stream, branch)
  const flow = flowTo(client, stream ?? hop)
  const timers = client.timersFor(flow)
  const { isUnconfirmed = false } = hop
  const machine = newClientMachine({ branch, request, user, flow, bytes, timers, fallback: stream && hop, isUnconfirmed })
  enter(client, machine)
  if (stream)
    client.clock.after(streamPatienceMs, () => {
      if (machine.fallback && client.machines.has(machine.key)) losePath(client, machine, 'no connection')
    })
  return transactionOf(client, machine, request)
}

function transactionOf(client: Client, machine: ClientMachine, request: SipRequest): ClientTransaction {
  return {
    request,
    branch: machine.branch,
    cancel(user, reason) {
      machine.canceller ??= { user, reason }
      client.runner.feed(machine, 'cancel')
    },
    get terminated() {
      return machine.state === 'terminated'
    },
  }
}

function enter(client: Client, machine: ClientMachine): void {
  client.machines.set(machine.key, machine)
  client.paths.join(machine)
  client.runner.feed(machine, 'start')
}

function restamp(request: SipRequest, hop: Hop, branch: string): Buffer {
  request.replaceFirst('Via', ourVia(hop.protocol, hop.advertised, branch))
  return request.toBuffer()
}

/** A way that is not there is a flow that is gone: its failure comes like any other. */
function flowTo({ transports }: Client, hop: Hop): Flow {
  const { protocol, remote, local, advertised } = hop
  return transports.flowTo(hop) ?? { protocol, remote, local, advertised, connection: 0 }
}

function sendAck(client: Client, ack: SipRequest, hop: Hop): SentAck | null {
  ack.prepend('Via', ourVia(hop.protocol, hop.advertised, newBranch()))
  const bytes = client.retain(ack.toBuffer())
  const flow = flowTo(client, hop)
  return client.transports.send(bytes, flow) ? { bytes, flow } : null
}

function receive(client: Client, received: Received): boolean {
  const { response } = received
  const { method } = response.cseq
  const machine = client.machines.get(clientKey(response.topVia.branch, method))
  if (!machine || machine.method !== method) return false
  machine.received = received
  client.runner.feed(machine, inputOf(response.status))
  machine.received = null
  if (response.status >= 200 && machine.request) {
    client.paths.leave(machine)
    letGo(machine)
  }
  return true
}

function perform(client: Client, machine: ClientMachine, effect: Effect): void {
  switch (effect) {
    case 'send request':
      transmit(client, machine)
      break
    case 'send ack':
      acknowledge(client, machine)
      break
    case 'send cancel':
      cancel(client, machine)
      break
    default:
      tellUser(client, machine, effect)
  }
}

function transmit(client: Client, machine: ClientMachine): void {
  const { transports, runner, counts } = client
  const { bytes, flow } = machine
  if (!bytes) return
  machine.copies += 1
  if (machine.copies > 1) counts.repeated += 1
  const isWithheld = machine.isUnconfirmed && !client.affords(flow, bytes.length)
  if (isWithheld) counts.withheld += 1
  // What is withheld is repeated like what is lost, and goes out once the far end has proved to be real.
  const isSent = isWithheld || transports.send(bytes, flow)
  if (machine.copies === 1 && (!machine.fallback || transports.isOpen(flow))) {
    machine.fallback = null
    queueMicrotask(() => tellSent(client, machine, bytes))
  }
  if (!isSent) {
    machine.failure = 'no connection'
    queueMicrotask(() => runner.feed(machine, 'transport error'))
  } else if (!isWithheld && flow.protocol === 'udp' && machine.copies === copiesUntilSuspicion(flow.remote.address))
    transports.suspect(flow)
}

/**
 * How many copies without an answer make a UDP peer suspect of being gone. The question comes from another port than the request:
 * a NAT far away may refuse the one and pass the other, so the farther the peer, the longer it is believed.
 */
function copiesUntilSuspicion(address: string): number {
  if (isLoopback(address)) return 2
  return isPrivate(address) ? 3 : 4
}

function acknowledge({ transports }: Client, machine: ClientMachine): void {
  if (machine.received && machine.request) machine.ack ??= ackOf(machine.request, machine.received.response).toBuffer()
  if (machine.ack) transports.send(machine.ack, machine.flow)
}

/** RFC 3261 §9.1: over the same way, with the same branch, as a transaction of its own. */
function cancel(client: Client, { canceller, request: invite, branch, flow, timers, isUnconfirmed }: ClientMachine): void {
  if (!canceller || !invite) return
  const request = cancelOf(invite, canceller.reason)
  const bytes = request.toBuffer()
  enter(client, newClientMachine({ branch, request, user: canceller.user, flow, bytes, timers, fallback: null, isUnconfirmed }))
}

function tellUser({ onFault }: Client, { user, received, failure }: ClientMachine, effect: Effect): void {
  if (!user) return
  try {
    if (effect === 'pass response' && received) user.onResponse(received.response, received.flow, received.size)
    else if (effect === 'report timeout') user.onTimeout()
    else if (effect === 'report failure') user.onTransportFailure(failure)
  } catch (fault) {
    onFault(fault)
  }
}

function tellSent({ onFault }: Client, { user, flow }: ClientMachine, bytes: Buffer): void {
  try {
    user?.onSent(bytes, flow)
  } catch (fault) {
    onFault(fault)
  }
}

/** The stream that a large request was given to is established: it is sent. */
function confirmStream(client: Client, machine: ClientMachine): void {
  if (!machine.fallback || !machine.bytes) return
  machine.fallback = null
  tellSent(client, machine, machine.bytes)
}

function losePath(client: Client, machine: ClientMachine, reason: string): void {
  if (machine.fallback && machine.request) fallBack(client, machine, machine.fallback, machine.request)
  else {
    machine.failure = reason
    client.runner.feed(machine, 'transport error')
  }
}

/** RFC 3261 §18.1.1: the peer does not take TCP, so the request goes by UDP although it is large. */
function fallBack(client: Client, machine: ClientMachine, hop: Hop, request: SipRequest): void {
  const { oversize, paths, runner } = client
  oversize.refused(hop.remote)
  paths.leave(machine)
  runner.reset(machine)
  machine.fallback = null
  machine.copies = 0
  machine.bytes = restamp(request, hop, machine.branch)
  machine.flow = flowTo(client, hop)
  machine.timers = client.timersFor(machine.flow)
  enter(client, machine)
  if (machine.canceller) runner.feed(machine, 'cancel')
}
