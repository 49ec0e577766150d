import type { Clock } from '../../base/clock.js'
import { AppError } from '../../base/errors.js'
import { createResponse } from '../../sip/builder.js'
import { newTag } from '../../sip/ids.js'
import type { SipRequest, SipResponse } from '../../sip/message.js'
import type { SipTimers } from '../../sip/timers.js'
import { type Flow, isReliable } from '../transport/flow.js'
import type { Transports } from '../transport/transports.js'
import type { Verdict } from './admission/admission.js'
import { inputOf, type TimersFor } from './client-machine.js'
import type { Counts } from './counts.js'
import { createRunner, type Effect, type Runner } from './machine.js'
import { createRetainer } from './retainer.js'
import { mergeKeyOf, newServerMachine, type ServerMachine, sameRequestKey, serverKey } from './server-machine.js'
import { inviteServerTable } from './tables/invite-server-table.js'
import { nonInviteServerTable } from './tables/non-invite-server-table.js'
import type { ServerTransaction } from './transaction-layer.js'
import { answerTo } from './via-stamp.js'

/** What became of a request. */
export type RequestFate =
  /** Passed to the user as a transaction. */
  | 'new'
  /** A copy, or an ACK that ends a transaction of ours. */
  | 'absorbed'
  /** An ACK that belongs to no transaction, or to one that is Accepted: passed to the user. */
  | 'stray ack'
  /** The same request came by another way (RFC 3261 §8.2.2.2): 482. */
  | 'merged'
  /** No room for another transaction, or not for this source: 503. */
  | 'refused'
  /** From a banned source. */
  | 'dropped'
  /** A stranger has used up its share: 401 or 407 without a transaction. */
  | 'challenged'
  /** Too large for a stranger: 513. */
  | 'too large'
  /** Not answered: strangers send too many. */
  | 'ignored'

/** RFC 3261 §17.2: the requests of others. */
export interface ServerTransactions {
  onRequest(request: SipRequest, flow: Flow, size: number): RequestFate
  onGone(flow: Flow): void
  /** The INVITE that this CANCEL is for has a transaction. */
  cancels(cancel: SipRequest): boolean
  readonly size: number
  /** Those without any response but 100. */
  readonly unanswered: number
  /** INVITEs that were refused, and are refused again until their ACK is there. */
  readonly unacknowledged: number
  close(): void
}

export interface ServerTransactionsNeeds {
  readonly transports: Transports
  readonly clock: Clock
  readonly timersFor: TimersFor
  readonly counts: Pick<Counts, 'repeated' | 'withheld'>
  readonly judge: (request: SipRequest, flow: Flow, size: number) => Verdict
  /** UDP from a source that has not proved to be real. */
  readonly isFrugal: (flow: Flow) => boolean
  /** False: so many bytes may not go there, since `kept` would not be left for later. */
  readonly affords: (flow: Flow, bytes: number, kept: number) => boolean
  /** A final response was given. */
  readonly onAnswered: (request: SipRequest, flow: Flow, response: SipResponse) => void
  readonly onTransaction: (transaction: ServerTransaction) => void
  readonly onAck: (ack: SipRequest, flow: Flow, size: number) => void
  /** A user's listener has thrown. */
  readonly onFault: (fault: unknown) => void
}

interface Server extends ServerTransactionsNeeds {
  readonly machines: Map<string, ServerMachine>
  readonly merging: Map<string, ServerMachine>
  /** Whose answers wait for a connection that is being opened for them. */
  readonly reconnecting: Map<number, Set<ServerMachine>>
  readonly runner: Runner<ServerMachine>
  readonly retain: (bytes: Buffer) => Buffer
  unanswered: number
}

export function createServerTransactions(needs: ServerTransactionsNeeds): ServerTransactions {
  const machines = new Map<string, ServerMachine>()
  const runner = createRunner<ServerMachine>({
    clock: needs.clock,
    onFault: needs.onFault,
    perform: (machine, effect) => perform(server, machine, effect),
    ended: (machine) => forget(server, machine),
  })
  const server: Server = {
    ...needs,
    machines,
    merging: new Map(),
    reconnecting: new Map(),
    runner,
    retain: createRetainer(),
    unanswered: 0,
  }
  return {
    onRequest: (request, flow, size) => receive(server, request, flow, size),
    onGone(flow) {
      const stranded = server.reconnecting.get(flow.connection ?? 0) ?? []
      server.reconnecting.delete(flow.connection ?? 0)
      for (const machine of stranded) runner.feed(machine, 'transport error')
    },
    cancels: (cancel) => machines.has(serverKey(cancel, 'INVITE')),
    get size() {
      return machines.size
    },
    get unanswered() {
      return server.unanswered
    },
    get unacknowledged() {
      let count = 0
      for (const { table, state, timers } of machines.values())
        if (table === inviteServerTable && state === 'completed' && Number.isFinite(timers.g)) count += 1
      return count
    },
    close() {
      for (const machine of machines.values()) {
        refuse(machine)
        runner.reset(machine)
      }
      machines.clear()
      server.merging.clear()
    },
  }
}

/** A client that has heard 100 waits for minutes: it gets a final response before the sockets close, and tries elsewhere. */
function refuse({ transaction }: ServerMachine): void {
  if (!transaction || transaction.completed) return
  const response = createResponse(transaction.request, 503, undefined, newTag())
  response.append('Retry-After', '5')
  transaction.respond(response)
}

/** RFC 3261 §17.2.1: so long a 100 may wait for a response that says more. */
const tryingMs = 200

const fates: Readonly<Record<Verdict, RequestFate>> = {
  admit: 'new',
  refuse: 'refused',
  drop: 'dropped',
  challenge: 'challenged',
  'too large': 'too large',
  ignore: 'ignored',
}

function receive(server: Server, request: SipRequest, flow: Flow, size: number): RequestFate {
  if (request.method === 'ACK') return receiveAck(server, request, flow, size)
  const key = serverKey(request, request.method)
  const known = server.machines.get(key)
  if (known) {
    server.runner.feed(known, 'request')
    return 'absorbed'
  }
  const mergeKey = mergeKeyOf(request)
  if (mergeKey !== null && server.merging.has(mergeKey)) return 'merged'
  const verdict = server.judge(request, flow, size)
  if (verdict === 'admit') open(server, { request, flow, size, key, mergeKey })
  return fates[verdict]
}

function receiveAck(server: Server, request: SipRequest, flow: Flow, size: number): RequestFate {
  const machine = server.machines.get(serverKey(request, 'INVITE'))
  if (!machine) {
    const accepted = server.merging.get(sameRequestKey(request, 'INVITE'))
    if (accepted) release(accepted)
    server.onAck(request, flow, size)
    return 'stray ack'
  }
  machine.ack = { request, flow, size }
  server.runner.feed(machine, 'ack')
  machine.ack = null
  release(machine)
  return 'absorbed'
}

/** Answered for good: only what repeats the answer stays. */
function release(machine: ServerMachine): void {
  if (machine.state === 'trying' || machine.state === 'proceeding') return
  machine.transaction = null
  machine.onUnacknowledged = null
  machine.onTransportFailure = null
  if (machine.state === 'accepted' || machine.state === 'confirmed') machine.response = null
}

interface Arrival {
  readonly request: SipRequest
  readonly flow: Flow
  readonly size: number
  readonly key: string
  readonly mergeKey: string | null
}

/** Of the three bytes that may go back for each, provisional responses leave two: a caller that hears them and not the end is lost. */
const keptForFinal = 2

/** A source that may be forged gets each response once, and again when it asks again. */
function withoutRepetition(timers: SipTimers): SipTimers {
  return { ...timers, g: Number.POSITIVE_INFINITY }
}

function open(server: Server, arrival: Arrival): void {
  const { request, flow, size, key, mergeKey } = arrival
  const isFrugal = server.isFrugal(flow)
  const reconnectTo = answerTo(request.topVia, flow)
  const answerFlow = flow.connection === null && reconnectTo !== flow.remote ? { ...flow, remote: reconnectTo } : flow
  const machine = newServerMachine({
    method: request.method,
    key,
    mergeKey,
    flow,
    answerFlow,
    reconnectTo,
    timers: isFrugal ? withoutRepetition(server.timersFor(flow)) : server.timersFor(flow),
    keptBytes: isFrugal ? keptForFinal * size : 0,
  })
  machine.transaction = transactionOf(server, machine, arrival)
  server.machines.set(key, machine)
  server.unanswered += 1
  if (mergeKey !== null) server.merging.set(mergeKey, machine)
  server.runner.feed(machine, 'start')
  server.onTransaction(machine.transaction)
}

function transactionOf(server: Server, machine: ServerMachine, { request, flow, size }: Arrival): ServerTransaction {
  const cancels = request.method === 'CANCEL' ? server.machines.get(serverKey(request, 'INVITE')) : undefined
  return {
    request,
    flow,
    size,
    cancels: cancels?.transaction ?? null,
    respond: (response) => respond(server, machine, response, { request, flow }),
    get completed() {
      return machine.state !== 'trying' && machine.state !== 'proceeding'
    },
    onUnacknowledged(listener) {
      machine.onUnacknowledged = listener
    },
    onTransportFailure(listener) {
      machine.onTransportFailure = listener
    },
  }
}

function respond(
  server: Server,
  machine: ServerMachine,
  response: SipResponse,
  { request, flow }: Pick<Arrival, 'request' | 'flow'>,
): Buffer {
  if (!machine.table[machine.state]?.[inputOf(response.status)])
    throw new AppError('SIP_SEND_FAILED', `the transaction is ${machine.state}: no ${response.status} can be sent`)
  const bytes = response.toBuffer()
  if (response.status === 100 && server.isFrugal(flow)) server.clock.after(tryingMs, () => sayTrying(server, machine, bytes))
  else take(server, machine, { response, bytes, request, flow })
  return bytes
}

/** A client that has heard something does not ask again: from now on the final response is repeated. */
function sayTrying(server: Server, machine: ServerMachine, bytes: Buffer): void {
  if (machine.state !== 'proceeding' || machine.response) return
  machine.timers = server.timersFor(machine.answerFlow)
  machine.response = bytes
  server.runner.feed(machine, '1xx')
}

interface Given extends Pick<Arrival, 'request' | 'flow'> {
  readonly response: SipResponse
  readonly bytes: Buffer
}

function take(server: Server, machine: ServerMachine, { response, bytes, request, flow }: Given): void {
  const input = inputOf(response.status)
  if (response.status < 200) machine.timers = server.timersFor(flow)
  machine.response = bytes
  if (response.status > 100) countAnswer(server, machine)
  if (machine.state === 'accepted') server.counts.repeated += 1
  else if (response.status >= 200) server.onAnswered(request, flow, response)
  server.runner.feed(machine, input)
  if (machine.table === nonInviteServerTable && response.status >= 200) settle(server, machine)
}

function countAnswer(server: Server, machine: ServerMachine): void {
  if (machine.isAnswered) return
  machine.isAnswered = true
  server.unanswered -= 1
}

/** A request other than INVITE is over with its final response; that is kept, in memory of its own kind, for those who ask again. */
function settle({ merging, retain }: Server, machine: ServerMachine): void {
  if (machine.state !== 'completed') return
  release(machine)
  if (machine.response) machine.response = retain(machine.response)
  if (machine.mergeKey !== null) merging.delete(machine.mergeKey)
  machine.mergeKey = null
}

function perform(server: Server, machine: ServerMachine, effect: Effect): void {
  if (effect === 'repeat response') server.counts.repeated += 1
  if (effect === 'send response' || effect === 'repeat response') deliver(server, machine)
  else if (effect === 'pass ack' && machine.ack) server.onAck(machine.ack.request, machine.ack.flow, machine.ack.size)
  else if (effect === 'report unacknowledged') tell(server, machine.onUnacknowledged)
  else if (effect === 'report failure') tell(server, machine.onTransportFailure)
}

function tell({ onFault }: Server, listener: (() => void) | null): void {
  try {
    listener?.()
  } catch (fault) {
    onFault(fault)
  }
}

function deliver(server: Server, machine: ServerMachine): void {
  const { response } = machine
  if (!response) return
  if (!server.affords(machine.flow, response.length, machine.state === 'proceeding' ? machine.keptBytes : 0)) {
    server.counts.withheld += 1
    return
  }
  if (server.transports.send(response, machine.answerFlow)) return
  if (!reconnect(server, machine, response)) queueMicrotask(() => server.runner.feed(machine, 'transport error'))
}

/** RFC 3261 §18.2.2: the connection is gone, so a new one is opened to where the request came from, at its sent-by port. */
function reconnect({ transports, reconnecting }: Server, machine: ServerMachine, response: Buffer): boolean {
  const { protocol } = machine.answerFlow
  const hop = isReliable(protocol) ? transports.hopTo(protocol, machine.reconnectTo) : null
  const flow = hop && transports.flowTo(hop)
  if (!flow?.connection) return false
  machine.answerFlow = flow
  const waiting = reconnecting.get(flow.connection) ?? new Set()
  reconnecting.set(flow.connection, waiting.add(machine))
  return transports.send(response, flow)
}

function forget(server: Server, machine: ServerMachine): void {
  countAnswer(server, machine)
  server.machines.delete(machine.key)
  if (machine.mergeKey !== null) server.merging.delete(machine.mergeKey)
  const { connection } = machine.answerFlow
  const waiting = connection === null ? undefined : server.reconnecting.get(connection)
  if (waiting?.delete(machine) && waiting.size === 0 && connection !== null) server.reconnecting.delete(connection)
}
