import type { Clock } from '../../../base/clock.js'
import { createRunner, type Runner } from '../../../base/machine.js'
import type { SipRequest } from '../../../sip/message/message.js'
import type { Flow } from '../../transport/flow.js'
import type { Counts } from '../counts.js'
import { type Input, type ServerAction, type ServerTable, timerRules } from '../transaction-table.js'
import { inviteServerTable } from './invite-server-table.js'
import { nonInviteServerTable } from './non-invite-server-table.js'
import { createResponseDelivery, type ResponseDelivery, type ResponseDeliveryNeeds } from './response-delivery.js'
import type { ReceivedAck, ServerMachine } from './server-machine.js'

/** Runs the server transactions: their tables and actions. */
export interface ServerRunner extends Pick<ResponseDelivery, 'onGone'> {
  feed(machine: ServerMachine, input: Input, ack?: ReceivedAck): void
  accepts(machine: ServerMachine, input: Input): boolean
  /** Stops the timers of a transaction. */
  stop(machine: ServerMachine): void
}

export interface ServerRunnerNeeds extends Omit<ResponseDeliveryNeeds, 'onFailure' | 'counts'> {
  readonly clock: Clock
  readonly counts: Pick<Counts, 'repeated' | 'withheld'>
  readonly onAck: (ack: SipRequest, flow: Flow, size: number) => void
  /** A user's listener has thrown. */
  readonly onFault: (fault: unknown) => void
  /** The transaction has terminated. */
  readonly onEnd: (machine: ServerMachine) => void
}

type Actions = { readonly [word in ServerAction]: (machine: ServerMachine, ack: ReceivedAck | undefined) => void }

export function createServerRunner(needs: ServerRunnerNeeds): ServerRunner {
  const { clock, counts, onAck, onFault, onEnd } = needs
  const delivery = createResponseDelivery({ ...needs, onFailure: (machine) => runner(machine).feed(machine, 'transport error') })
  const report = (listener: (() => void) | null): void => {
    try {
      listener?.()
    } catch (fault) {
      onFault(fault)
    }
  }
  const actions: Actions = {
    'send response': delivery.deliver,
    'repeat response'(machine) {
      counts.repeated += 1
      delivery.deliver(machine)
    },
    'pass ack': (_machine, ack) => ack && onAck(ack.request, ack.flow, ack.size),
    'report unacknowledged': ({ onUnacknowledged }) => report(onUnacknowledged),
    'report failure': ({ onTransportFailure }) => report(onTransportFailure),
  }
  const invites = runnerOf(inviteServerTable)
  const others = runnerOf(nonInviteServerTable)

  function runnerOf(table: ServerTable): Runner<Input, ServerMachine, ReceivedAck> {
    return createRunner({ table, actions, timing: { clock, rules: timerRules, onFault }, ended })
  }

  function ended(machine: ServerMachine): void {
    onEnd(machine)
    delivery.forget(machine)
  }

  function runner({ isInvite }: ServerMachine): Runner<Input, ServerMachine, ReceivedAck> {
    return isInvite ? invites : others
  }

  return {
    feed: (machine, input, ack) => runner(machine).feed(machine, input, ack),
    accepts: (machine, input) => runner(machine).accepts(machine, input),
    stop: (machine) => runner(machine).stopTimers(machine),
    onGone: delivery.onGone,
  }
}
