import { newTag } from '../../../sip/ids.js'
import { createResponse } from '../../../sip/message/builder.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { SipTimers } from '../../../sip/timers.js'
import type { Flow } from '../../transport/flow.js'
import type { Verdict } from '../admission/admission.js'
import type { ServerTransaction } from '../transaction-layer.js'
import type { TimersFor } from '../transaction-table.js'
import { responseTargetOf } from '../via-stamp.js'
import { createResponder } from './responder.js'
import { mergeKeyOf, newServerMachine, release, type ServerMachine, sameRequestKey, serverKey } from './server-machine.js'
import { createServerRunner, type ServerRunnerNeeds } from './server-runner.js'

/** The result of receiving a request. */
export type RequestFate =
  /** Passed to the user as a transaction. */
  | 'new'
  /** A retransmission, or an ACK of a transaction. */
  | 'absorbed'
  /** An ACK without a transaction, or of one in state Accepted: passed to the user. */
  | 'stray ack'
  /** The same request by another path (RFC 3261 §8.2.2.2): 482. */
  | 'merged'
  /** The table is full, or the source has reached its limit: 503. */
  | 'refused'
  /** From a banned source. */
  | 'dropped'
  /** An unknown source has reached its limit: 401 or 407 without a transaction. */
  | 'challenged'
  /** Too large for an unknown source: 513. */
  | 'too large'
  /** No response, because unknown sources send too many requests. */
  | 'ignored'

/** Server transactions (RFC 3261 §17.2). */
export interface ServerTransactions {
  onRequest(request: SipRequest, flow: Flow, size: number): RequestFate
  onGone(flow: Flow): void
  /** Whether the INVITE of this CANCEL has a transaction. */
  cancels(cancel: SipRequest): boolean
  /** The connections of requests without a final response. */
  unansweredOn(): ReadonlySet<number | null>
  readonly size: number
  /** Transactions without any response but 100. */
  readonly unanswered: number
  /** Refused INVITEs whose response is retransmitted until its ACK arrives. */
  readonly unacknowledged: number
  close(): void
}

export interface ServerTransactionsNeeds extends Omit<ServerRunnerNeeds, 'onEnd'> {
  readonly timersFor: TimersFor
  readonly judge: (request: SipRequest, flow: Flow, size: number) => Verdict
  /** UDP from a source whose address may be forged. */
  readonly isUnvalidated: (flow: Flow) => boolean
  /** A final response was sent. */
  readonly onAnswered: (request: SipRequest, flow: Flow, response: SipResponse) => void
  readonly onTransaction: (transaction: ServerTransaction) => void
}

const fates: Readonly<Record<Verdict, RequestFate>> = {
  admit: 'new',
  refuse: 'refused',
  drop: 'dropped',
  challenge: 'challenged',
  'too large': 'too large',
  ignore: 'ignored',
}

export function createServerTransactions(needs: ServerTransactionsNeeds): ServerTransactions {
  const machines = new Map<string, ServerMachine>()
  const merging = new Map<string, ServerMachine>()
  const runner = createServerRunner({ ...needs, onEnd: forget })
  const responder = createResponder({ ...needs, merging, runner })

  function forget(machine: ServerMachine): void {
    responder.noteResponse(machine)
    machines.delete(machine.key)
    if (machine.mergeKey !== null) merging.delete(machine.mergeKey)
  }

  function receiveAck(request: SipRequest, flow: Flow, size: number): RequestFate {
    const machine = machines.get(serverKey(request, 'INVITE'))
    if (!machine) {
      const accepted = merging.get(sameRequestKey(request, 'INVITE'))
      if (accepted) release(accepted)
      needs.onAck(request, flow, size)
      return 'stray ack'
    }
    runner.feed(machine, 'ack', { request, flow, size })
    release(machine)
    return 'absorbed'
  }

  function open(arrival: Arrival): void {
    const machine = machineOf(arrival, needs)
    const { request, key, mergeKey } = arrival
    const cancels = request.method === 'CANCEL' ? machines.get(serverKey(request, 'INVITE')) : undefined
    machine.transaction = transactionOf(machine, arrival, cancels?.transaction ?? null)
    machines.set(key, machine)
    responder.noteRequest()
    if (mergeKey !== null) merging.set(mergeKey, machine)
    runner.feed(machine, 'start')
    needs.onTransaction(machine.transaction)
  }

  function transactionOf(machine: ServerMachine, { request, flow, size }: Arrival, cancels: ServerTransaction | null): ServerTransaction {
    return {
      request,
      flow,
      size,
      cancels,
      respond: (response) => responder.respond(machine, response, { request, flow }),
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

  return {
    onRequest(request, flow, size) {
      if (request.method === 'ACK') return receiveAck(request, flow, size)
      const key = serverKey(request, request.method)
      const known = machines.get(key)
      if (known) {
        runner.feed(known, 'request')
        return 'absorbed'
      }
      const mergeKey = mergeKeyOf(request)
      if (mergeKey !== null && merging.has(mergeKey)) return 'merged'
      const verdict = needs.judge(request, flow, size)
      if (verdict === 'admit') open({ request, flow, size, key, mergeKey })
      return fates[verdict]
    },
    onGone: runner.onGone,
    cancels: (cancel) => machines.has(serverKey(cancel, 'INVITE')),
    unansweredOn: () =>
      new Set(Array.from(machines.values(), ({ transaction, flow }) => (transaction?.completed === false ? flow.connection : null))),
    get size() {
      return machines.size
    },
    get unanswered() {
      return responder.unanswered
    },
    get unacknowledged() {
      return unacknowledgedIn(machines.values())
    },
    close() {
      for (const machine of machines.values()) {
        refuse(machine)
        runner.stop(machine)
      }
      machines.clear()
      merging.clear()
    },
  }
}

interface Arrival {
  readonly request: SipRequest
  readonly flow: Flow
  readonly size: number
  readonly key: string
  readonly mergeKey: string | null
}

/** Of the three bytes that may be sent for each byte received, provisional responses leave two, so that the final response always fits. */
const reservedForFinal = 2

function machineOf(
  { request, flow, size, key, mergeKey }: Arrival,
  { isUnvalidated, timersFor }: Pick<ServerTransactionsNeeds, 'isUnvalidated' | 'timersFor'>,
): ServerMachine {
  const unvalidated = isUnvalidated(flow)
  const reconnectTo = responseTargetOf(request.topVia, flow)
  return newServerMachine({
    method: request.method,
    key,
    mergeKey,
    flow,
    responseFlow: flow.connection === null && reconnectTo !== flow.remote ? { ...flow, remote: reconnectTo } : flow,
    reconnectTo,
    timers: unvalidated ? withoutRepetition(timersFor(flow)) : timersFor(flow),
    reservedBytes: unvalidated ? reservedForFinal * size : 0,
  })
}

/** A source that may be forged gets each response once, and again only for a retransmitted request. */
function withoutRepetition(timers: SipTimers): SipTimers {
  return { ...timers, g: Number.POSITIVE_INFINITY }
}

/** After a 100 a client would wait for minutes, so it gets a final response before the sockets close, and tries another server. */
function refuse({ transaction }: ServerMachine): void {
  if (!transaction || transaction.completed) return
  const response = createResponse(transaction.request, 503, undefined, newTag())
  response.append('Retry-After', '5')
  transaction.respond(response)
}

function unacknowledgedIn(machines: Iterable<ServerMachine>): number {
  let count = 0
  for (const { isInvite, state, timers } of machines) if (isInvite && state === 'completed' && Number.isFinite(timers.g)) count += 1
  return count
}
