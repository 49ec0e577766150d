import type { Clock } from '../../../base/clock.js'
import { errors } from '../../../base/errors.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Flow } from '../../transport/flow.js'
import { createRetainer } from '../retainer.js'
import { inputOf, type TimersFor } from '../transaction-table.js'
import { release, type ServerMachine } from './server-machine.js'
import type { ServerRunner } from './server-runner.js'

/** Sends the responses of the user. */
export interface Responder {
  /** @returns the bytes of the response. @throws AppError SIP_SEND_FAILED if the state of the transaction does not allow this response */
  respond(machine: ServerMachine, response: SipResponse, to: RespondedRequest): Buffer
  /** The transaction has a response, or ends without one. */
  noteResponse(machine: ServerMachine): void
  /** Transactions without any response but 100. */
  readonly unanswered: number
  /** A transaction has begun. */
  noteRequest(): void
}

export interface RespondedRequest {
  readonly request: SipRequest
  readonly flow: Flow
}

export interface ResponderNeeds {
  readonly runner: Pick<ServerRunner, 'feed' | 'accepts'>
  readonly merging: Map<string, ServerMachine>
  readonly clock: Clock
  readonly timersFor: TimersFor
  readonly counts: { repeated: number }
  /** UDP from a source whose address may be forged. */
  readonly isUnvalidated: (flow: Flow) => boolean
  /** A final response was sent. */
  readonly onAnswered: (request: SipRequest, flow: Flow, response: SipResponse) => void
}

/** RFC 3261 §17.2.1: how long a 100 may wait for another response. */
const tryingMs = 200

export function createResponder({ runner, merging, clock, timersFor, counts, isUnvalidated, onAnswered }: ResponderNeeds): Responder {
  const retain = createRetainer()
  let unanswered = 0

  function noteResponse(machine: ServerMachine): void {
    if (machine.isAnswered) return
    machine.isAnswered = true
    unanswered -= 1
  }

  /** After this 100 the client stops retransmitting, so from now on the final response is retransmitted. */
  function sendTrying(machine: ServerMachine, bytes: Buffer): void {
    if (machine.state !== 'proceeding' || machine.response) return
    machine.timers = timersFor(machine.responseFlow)
    machine.response = bytes
    runner.feed(machine, '1xx')
  }

  function send(machine: ServerMachine, bytes: Buffer, response: SipResponse, { request, flow }: RespondedRequest): void {
    const { status } = response
    if (status < 200) machine.timers = timersFor(flow)
    machine.response = bytes
    if (status > 100) noteResponse(machine)
    if (machine.state === 'accepted') counts.repeated += 1
    else if (status >= 200) onAnswered(request, flow, response)
    runner.feed(machine, inputOf(status))
    if (!machine.isInvite && status >= 200) settle(machine)
  }

  /** A request other than INVITE is over with its final response. Only the response is kept, for retransmissions. */
  function settle(machine: ServerMachine): void {
    if (machine.state !== 'completed') return
    release(machine)
    if (machine.response) machine.response = retain(machine.response)
    if (machine.mergeKey !== null) merging.delete(machine.mergeKey)
    machine.mergeKey = null
  }

  return {
    respond(machine, response, to) {
      if (!runner.accepts(machine, inputOf(response.status)))
        throw errors.SIP_SEND_FAILED.transactionOver({ state: machine.state, status: response.status })
      const bytes = response.toBuffer()
      if (response.status === 100 && isUnvalidated(to.flow)) clock.after(tryingMs, () => sendTrying(machine, bytes))
      else send(machine, bytes, response, to)
      return bytes
    },
    noteResponse,
    get unanswered() {
      return unanswered
    },
    noteRequest() {
      unanswered += 1
    },
  }
}
