import type { Clock, Milliseconds } from '../../../base/clock.js'
import { createRunner } from '../../../base/machine.js'
import type { SipResponse } from '../../../sip/message/message.js'
import { cancelOf } from '../../transaction/client/generated-requests.js'
import { newWireId } from '../../wire-id.js'
import type { Application, CallRecords } from '../application.js'
import { type Dialog, descriptionIn, dialogId } from '../dialogs/dialog.js'
import type { Dialogs } from '../dialogs/dialogs.js'
import { contactOfDialog } from '../dialogs/remote-target.js'
import type { ServerRequests } from '../dialogs/server-requests.js'
import { fieldOf, type RequestDraft } from '../draft.js'
import type { Origin } from '../passage.js'
import { termsOf } from '../session/session-terms.js'
import type { SessionTimers } from '../session/session-timers.js'
import { type ClientInvite, type ClientInviteParts, type Fork, type InviteDialogs, isRejected, newClientInvite } from './invite-dialogs.js'
import {
  type ClientInviteAction,
  type ClientInviteInput,
  type ClientInviteState,
  type ClientInviteTimer,
  clientInviteTable,
} from './invite-table.js'
import { timerC } from './timer-c.js'
import { deliverResponse, type ReceivedResponse } from './uac-response.js'

/** The INVITEs that applications send. */
export interface ClientInvites {
  start(parts: ClientInviteParts): ClientInvite
  /** A response from the network or a local failure. */
  receive(invite: ClientInvite, response: SipResponse, origin: Origin): void
  /** The application's ACK in a dialog; false if there is no 2xx to acknowledge. */
  acknowledge(dialog: Dialog, command: string, draft: RequestDraft): boolean
  cancel(application: Application, command: string, txnId: string, draft: RequestDraft): void
  /** Ends the INVITEs of an application that is gone. */
  abandon(application: Application): void
  /** INVITEs without a final response or its ACK. */
  readonly size: number
}

export interface ClientInvitesNeeds {
  readonly clock: Clock
  readonly t1: Milliseconds
  readonly dialogs: Pick<Dialogs, 'has'>
  readonly inviteDialogs: InviteDialogs
  readonly serverRequests: ServerRequests
  readonly sessionTimers: SessionTimers
  readonly records: CallRecords
  /** Also reports 100 Trying to the application. */
  readonly reportsTrying: boolean
}

/** The application's command to acknowledge a 2xx. */
interface Acknowledgement {
  readonly command: string
  readonly draft: RequestDraft
}

type Detail = ReceivedResponse | Acknowledgement

const nothing = Buffer.alloc(0)

export function createClientInvites(needs: ClientInvitesNeeds): ClientInvites {
  const { clock, t1, dialogs, inviteDialogs, serverRequests, sessionTimers, records, reportsTrying } = needs
  /** By transaction id. */
  const unfinished = new Map<string, ClientInvite>()

  const actions: { readonly [word in ClientInviteAction]: (invite: ClientInvite, detail: Detail | undefined) => void } = {
    'pass response': (invite, detail) => detail && 'response' in detail && pass(invite, detail),
    'send cancel': ({ sent, cancelReason }) => sent.cancel(cancelReason),
    'send ack': (invite, detail) => sendAck(invite, detail && 'command' in detail ? detail : null),
    'repeat ack': ({ winner }) => winner && serverRequests.repeatAck(winner),
    'send bye': (invite) => endWinner(invite, 'ACK-BYE due to cancel race condition'),
    'send late bye': (invite) => endWinner(invite, 'ACK timeout'),
    forget,
  }
  const runner = createRunner<ClientInviteState, ClientInviteInput, ClientInviteAction, ClientInviteTimer, ClientInvite, Detail>({
    table: clientInviteTable,
    actions,
    timing: {
      clock,
      rules: { C: { after: () => timerC, input: 'timer C' }, ack: { after: () => 64 * t1, input: 'timer ack' } },
    },
  })

  function forget({ sent }: ClientInvite): void {
    unfinished.delete(sent.txnId)
  }

  function pass({ application, sent, request, winner, dialog }: ClientInvite, received: ReceivedResponse): void {
    const { response } = received
    const id = winner?.id ?? dialog?.id ?? dialogId(request.callId, request.from.tag)
    deliverResponse({ application, txnId: sent.txnId, dialogId: id }, received, clock.now())
    if (response.status < 200) return
    if (winner && response.status < 300) {
      winner.description = descriptionIn(request) ?? winner.description
      sessionTimers.restart(winner, termsOf(request, response), response)
    }
    if (!dialog) record(response)
  }

  function record(response: SipResponse): void {
    if (response.status < 300) records.start('network', 'uac', response)
    else if (response.status === 487) records.stop('application', 'call-canceled', response)
    else records.stop('network', 'call-rejected', response)
  }

  function sendAck(invite: ClientInvite, ack: Acknowledgement | null): void {
    // An acknowledged INVITE cannot be cancelled any more.
    forget(invite)
    if (invite.winner) serverRequests.acknowledge(invite.winner, invite.request, ack)
    // The INVITE is kept for half a minute for repeated 2xx, without its body.
    invite.request.body = nothing
  }

  function endWinner({ winner }: ClientInvite, text: string): void {
    if (winner) serverRequests.end(winner, { text, record: 'system-initiated-termination' })
  }

  /** RFC 3261 §13.2.2.4: the first 2xx establishes the call; each other fork is acknowledged and ended. */
  function receiveSuccess(invite: ClientInvite, received: ReceivedResponse): void {
    const { response, origin } = received
    if (!origin.flow) return
    const fork = invite.dialog ? null : inviteDialogs.forkOf(invite, response, origin.flow)
    const dialog = invite.dialog ?? fork?.dialog
    if (!dialog) return
    if (fork && (isRejected(invite) || (invite.winner && invite.winner !== dialog))) {
      endFork(invite, fork)
      return
    }
    if (!invite.winner) inviteDialogs.confirm(invite, dialog, response, origin.flow)
    runner.feed(invite, '2xx', received)
    if (dialogs.has(dialog)) return
    // The dialog has ended meanwhile, so the application can neither acknowledge nor end it. After a BYE in the early dialog, the far end must
    // be hung up (§15); after one during a re-INVITE, it already is.
    runner.feed(invite, fork ? 'application gone' : 'ack')
    forget(invite)
  }

  function endFork({ request }: ClientInvite, fork: Fork): void {
    const { dialog } = fork
    if (fork.isEnded) {
      serverRequests.repeatAck(dialog)
      return
    }
    fork.isEnded = true
    serverRequests.acknowledge(dialog, request, null)
    serverRequests.endSilently(dialog, 'another branch has answered')
  }

  /** False for a reliable response that is repeated or out of order (RFC 3262 §4). */
  function isInOrder(invite: ClientInvite, response: SipResponse, { flow }: Origin): boolean {
    if (response.to.tag === '' || !flow || invite.dialog) return true
    const fork = inviteDialogs.forkOf(invite, response, flow)
    const rseq = Number(response.first('RSeq') ?? '0')
    if (rseq > 0 && fork.rseq > 0 && rseq !== fork.rseq + 1) return false
    if (rseq > 0) fork.rseq = rseq
    return true
  }

  return {
    start(parts) {
      const invite = newClientInvite(parts)
      unfinished.set(parts.sent.txnId, invite)
      return invite
    },
    receive(invite, response, origin) {
      const { status } = response
      const received = { response, origin }
      if (status === 100) {
        // Only the first response is news; the far end of a re-INVITE is known to be alive.
        if (reportsTrying && invite.state === 'calling' && !invite.dialog) pass(invite, received)
        runner.feed(invite, '100')
      } else if (status >= 300) {
        inviteDialogs.endOthers(invite, null)
        if (invite.dialog) invite.dialog.inviting.us = false
        runner.feed(invite, '300-699', received)
      } else if (status >= 200) {
        if (!invite.dialog) addContact(invite, response)
        receiveSuccess(invite, received)
      } else if (isInOrder(invite, response, origin)) runner.feed(invite, '1xx', received)
    },
    acknowledge(dialog, command, draft) {
      const invite = inviteDialogs.inviteOf(dialog)
      if (!invite || !runner.accepts(invite, 'ack')) return false
      runner.feed(invite, 'ack', { command, draft })
      return true
    },
    cancel(application, command, txnId, draft) {
      const invite = unfinished.get(txnId)
      const transaction = invite?.sent.transaction
      if (!transaction || invite.application !== application) {
        application.refused(command, `unable to cancel unknown transaction id: ${txnId}`)
        return
      }
      invite.cancelReason = fieldOf(draft, 'Reason') ?? null
      // The CANCEL is sent now or after a provisional response (RFC 3261 §9.1): the reply shows it in both cases.
      const bytes = cancelOf(transaction.request, invite.cancelReason).toBuffer()
      const { flow } = invite.sent
      const size = invite.state === 'calling' ? 0 : bytes.length
      runner.feed(invite, 'cancel')
      const passage = { size, protocol: flow?.protocol ?? null, remote: flow?.local ?? null, at: clock.now() }
      application.requestSent(command, newWireId(), passage, bytes)
    },
    abandon(application) {
      for (const invite of unfinished.values()) if (invite.application === application) runner.feed(invite, 'application gone')
    },
    get size() {
      return unfinished.size
    },
  }
}

/**
 * A 2xx without a usable Contact (RFC 3261 §13.3.1.4 requires one) has accepted the call all the same: requests go where an earlier response
 * or the INVITE has found the callee.
 */
function addContact({ request, forks }: ClientInvite, response: SipResponse): void {
  if (contactOfDialog(response)) return
  response.set('Contact', `<${forks.get(response.to.tag)?.dialog.remoteTarget ?? request.uri}>`)
}
