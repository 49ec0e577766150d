import { newBranch } from '../../../sip/ids.js'
import type { SipRequest } from '../../../sip/message/message.js'
import { type Endpoint, endpointText, type Flow, type Hop } from '../../transport/flow.js'
import { createRetainer } from '../retainer.js'
import type { ClientTransaction, ClientUser, SentAck } from '../transaction-layer.js'
import { inputOf } from '../transaction-table.js'
import { ourVia } from '../via-stamp.js'
import { type ClientMachine, clientKey, createPaths, letGo, newClientMachine, type Paths, type Received } from './client-machine.js'
import { type ClientRunner, type ClientRunnerNeeds, createClientRunner, flowTo, restamp } from './client-runner.js'

/** Client transactions (RFC 3261 §17.1). */
export interface ClientTransactions {
  send(request: SipRequest, hop: Hop, user: ClientUser): ClientTransaction
  /** Sends the ACK of a 2xx, which has no transaction; null if it cannot be sent. */
  sendAck(ack: SipRequest, hop: Hop): SentAck | null
  /** False for a response without a transaction (RFC 3261 §17.1.3). */
  onResponse(received: Received): boolean
  /** An outgoing connection is established. */
  onOpen(flow: Flow): void
  /** A connection has closed, or could not be established. */
  onGone(flow: Flow, reason: string): void
  /** The port of a UDP peer is closed. */
  onUnreachable(remote: Endpoint, reason: string): void
  /** Whether a request over this flow waits for its final response. */
  isWaitingOn(flow: Flow): boolean
  readonly size: number
  /** Transactions without a final response. */
  readonly unanswered: number
  close(): void
}

export type ClientTransactionsNeeds = Omit<ClientRunnerNeeds, 'machines' | 'paths'>

/** How long a stream chosen for the size of a request may take to open. Many firewalls drop TCP although UDP works. */
const streamPatienceMs = 1_000

export function createClientTransactions(needs: ClientTransactionsNeeds): ClientTransactions {
  const { transports, clock, oversize, timersFor } = needs
  const machines = new Map<string, ClientMachine>()
  const paths = createPaths()
  const retain = createRetainer()
  const runner = createClientRunner({ ...needs, machines, paths })

  function begin(request: SipRequest, hop: Hop, user: ClientUser): ClientTransaction {
    const branch = newBranch()
    request.prepend('Via', ourVia(hop.protocol, hop.advertised, branch))
    let bytes = request.toBuffer()
    const stream = oversize.streamFor(hop, bytes.length)
    if (stream) bytes = restamp(request, stream, branch)
    const flow = flowTo(transports, stream ?? hop)
    const { isUnconfirmed = false } = hop
    const machine = newClientMachine({
      branch,
      request,
      user,
      flow,
      bytes,
      timers: timersFor(flow),
      fallback: stream && hop,
      isUnconfirmed,
    })
    runner.enter(machine)
    if (stream)
      clock.after(streamPatienceMs, () => {
        if (machine.fallback && machines.has(machine.key)) runner.losePath(machine, 'no connection')
      })
    return transactionOf(machine, request)
  }

  function transactionOf(machine: ClientMachine, request: SipRequest): ClientTransaction {
    return {
      request,
      cancel(user, reason) {
        machine.canceller ??= { user, reason }
        runner.feed(machine, 'cancel')
      },
      get terminated() {
        return machine.state === 'terminated'
      },
    }
  }

  return {
    send: begin,
    sendAck(ack, hop) {
      ack.prepend('Via', ourVia(hop.protocol, hop.advertised, newBranch()))
      const bytes = retain(ack.toBuffer())
      const flow = flowTo(transports, hop)
      return transports.send(bytes, flow) ? { bytes, flow } : null
    },
    onResponse(received) {
      const { response } = received
      const { method } = response.cseq
      const machine = machines.get(clientKey(response.topVia.branch, method))
      if (!machine || machine.method !== method) return false
      runner.feed(machine, inputOf(response.status), received)
      if (response.status < 200 || !machine.request) return true
      paths.leave(machine)
      letGo(machine)
      return true
    },
    ...pathEvents(paths, runner),
    isWaitingOn: ({ connection }) => paths.on(connection ?? '').length > 0,
    get size() {
      return machines.size
    },
    get unanswered() {
      let count = 0
      for (const { state } of machines.values()) if (state !== 'completed' && state !== 'accepted') count += 1
      return count
    },
    close() {
      for (const machine of machines.values()) runner.stop(machine)
      machines.clear()
    },
  }
}

function pathEvents(
  paths: Paths,
  { confirmStream, losePath }: ClientRunner,
): Pick<ClientTransactions, 'onOpen' | 'onGone' | 'onUnreachable'> {
  return {
    onOpen(flow) {
      for (const machine of paths.on(flow.connection ?? '')) confirmStream(machine)
    },
    onGone(flow, reason) {
      for (const machine of paths.on(flow.connection ?? '')) losePath(machine, reason)
    },
    onUnreachable(remote, reason) {
      for (const machine of paths.on(endpointText(remote))) losePath(machine, reason)
    },
  }
}
