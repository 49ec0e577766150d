import type { Clock } from '../../../base/clock.js'
import { createRunner, type Runner } from '../../../base/machine.js'
import type { SipRequest } from '../../../sip/message/message.js'
import type { Flow, Hop } from '../../transport/flow.js'
import type { Transports } from '../../transport/transports.js'
import type { Counts } from '../counts.js'
import { type ClientAction, type ClientTable, type Input, type TimersFor, timerRules } from '../transaction-table.js'
import { ourVia } from '../via-stamp.js'
import { type ClientMachine, newClientMachine, type Paths, type Received } from './client-machine.js'
import { ackOf, cancelOf } from './generated-requests.js'
import { inviteClientTable } from './invite-client-table.js'
import { nonInviteClientTable } from './non-invite-client-table.js'
import type { OversizeRule } from './oversize.js'
import { createTransmission } from './transmission.js'

/** Runs the client transactions: their tables, their actions, and the failure of their path. */
export interface ClientRunner {
  /** Starts a transaction, or restarts it over another path. */
  enter(machine: ClientMachine): void
  feed(machine: ClientMachine, input: Input, received?: Received): void
  /** The stream chosen for a large request is established. */
  confirmStream(machine: ClientMachine): void
  losePath(machine: ClientMachine, reason: string): void
  /** Stops the timers of a transaction. */
  stop(machine: ClientMachine): void
}

export interface ClientRunnerNeeds {
  readonly machines: Map<string, ClientMachine>
  readonly paths: Paths
  readonly transports: Transports
  readonly clock: Clock
  readonly timersFor: TimersFor
  readonly oversize: OversizeRule
  readonly counts: Pick<Counts, 'repeated' | 'withheld'>
  /** Whether this many bytes may be sent there. They are limited if the address may be forged. */
  readonly maySend: (flow: Flow, bytes: number) => boolean
  /** A user's listener has thrown. */
  readonly onFault: (fault: unknown) => void
}

type Actions = { readonly [word in ClientAction]: (machine: ClientMachine, received: Received | undefined) => void }

export function createClientRunner(needs: ClientRunnerNeeds): ClientRunner {
  const { machines, paths, transports, clock, oversize, onFault } = needs
  const transmission = createTransmission({ ...needs, onFailure: (machine) => fail(machine, 'no connection') })
  const report = reporterTo(onFault)
  const actions: Actions = {
    'send request': transmission.transmit,
    'send ack'(machine, received) {
      if (received && machine.request) machine.ack ??= ackOf(machine.request, received.response).toBuffer()
      if (machine.ack) transports.send(machine.ack, machine.flow)
    },
    'send cancel': cancel,
    'pass response': ({ user }, received) => report(() => received && user?.onResponse(received.response, received.flow, received.size)),
    'report timeout': ({ user }) => report(() => user?.onTimeout()),
    'report failure': ({ user, failure }) => report(() => user?.onTransportFailure(failure)),
  }
  const invites = runnerOf(inviteClientTable)
  const others = runnerOf(nonInviteClientTable)

  function runnerOf(table: ClientTable): Runner<Input, ClientMachine, Received> {
    return createRunner({ table, actions, timing: { clock, rules: timerRules, onFault }, ended })
  }

  function ended(machine: ClientMachine): void {
    machines.delete(machine.key)
    paths.leave(machine)
  }

  function runner({ method }: ClientMachine): Runner<Input, ClientMachine, Received> {
    return method === 'INVITE' ? invites : others
  }

  function enter(machine: ClientMachine): void {
    machines.set(machine.key, machine)
    paths.join(machine)
    runner(machine).feed(machine, 'start')
  }

  /** RFC 3261 §9.1: over the same path, with the same branch, as a transaction of its own. */
  function cancel({ canceller, request: invite, branch, flow, timers, isUnconfirmed }: ClientMachine): void {
    if (!canceller || !invite) return
    const request = cancelOf(invite, canceller.reason)
    const bytes = request.toBuffer()
    enter(newClientMachine({ branch, request, user: canceller.user, flow, bytes, timers, fallback: null, isUnconfirmed }))
  }

  function fail(machine: ClientMachine, reason: string): void {
    machine.failure = reason
    runner(machine).feed(machine, 'transport error')
  }

  /** RFC 3261 §18.1.1: the peer does not accept TCP, so the request is sent over UDP although it is large. */
  function fallBack(machine: ClientMachine, hop: Hop, request: SipRequest): void {
    oversize.refused(hop.remote)
    paths.leave(machine)
    runner(machine).stopTimers(machine)
    machine.state = 'idle'
    machine.fallback = null
    machine.copies = 0
    machine.bytes = restamp(request, hop, machine.branch)
    machine.flow = flowTo(transports, hop)
    machine.timers = needs.timersFor(machine.flow)
    enter(machine)
    if (machine.canceller) runner(machine).feed(machine, 'cancel')
  }

  return {
    enter,
    feed: (machine, input, received) => runner(machine).feed(machine, input, received),
    confirmStream: transmission.confirmStream,
    losePath(machine, reason) {
      if (machine.fallback && machine.request) fallBack(machine, machine.fallback, machine.request)
      else fail(machine, reason)
    },
    stop: (machine) => runner(machine).stopTimers(machine),
  }
}

/** A listener that throws must not disturb the transaction. */
function reporterTo(onFault: (fault: unknown) => void): (report: () => void) => void {
  return (report) => {
    try {
      report()
    } catch (fault) {
      onFault(fault)
    }
  }
}

/** The request with a Via for another hop, under the same branch. */
export function restamp(request: SipRequest, hop: Hop, branch: string): Buffer {
  request.replaceFirst('Via', ourVia(hop.protocol, hop.advertised, branch))
  return request.toBuffer()
}

/** The flow to a hop. For an unreachable hop it is a closed flow, so that the failure is reported like any other. */
export function flowTo(transports: Transports, hop: Hop): Flow {
  const { protocol, remote, local, advertised } = hop
  return transports.flowTo(hop) ?? { protocol, remote, local, advertised, connection: 0 }
}
