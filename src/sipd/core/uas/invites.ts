import type { Clock } from '../../../base/clock.js'
import { atStart, createRunner, type MachineState } from '../../../base/machine.js'
import { newTag } from '../../../sip/ids.js'
import { createResponse } from '../../../sip/message/builder.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { TimerBase } from '../../../sip/timers.js'
import type { Flow, ServerTransaction } from '../../transaction/transaction-layer.js'
import type { CallRecords } from '../application.js'
import type { Dialog } from '../dialogs/dialog.js'
import type { Dialogs } from '../dialogs/dialogs.js'
import { passageOver } from '../passage.js'
import type { PendingRequest, PendingRequests } from '../pending-requests.js'
import {
  type ServerInviteAction,
  type ServerInviteInput,
  type ServerInviteState,
  type ServerInviteTimer,
  serverInviteTable,
} from './invite-table.js'
import { createReliableProvisionals, type ReliableProvisionals } from './reliable-provisionals.js'
import { tryToSend } from './server-response.js'

/** An INVITE from the network that an application handles. */
export interface ServerInvite extends MachineState<ServerInviteState> {
  readonly pending: PendingRequest
  /** Null until the application sends a reliable response. */
  reliable: ReliableProvisionals | null
  /** The application's last response, and its bytes. */
  response: SipResponse | null
  sent: Buffer
}

/** The INVITEs from the network that applications handle. */
export interface ServerInvites {
  /** Sends 100 Trying and waits for the application's response. */
  start(pending: PendingRequest): void
  ofTransaction(transaction: ServerTransaction): ServerInvite | undefined
  /** The INVITE that created the dialog, or the last re-INVITE in it. */
  ofDialog(dialog: Dialog): ServerInvite | undefined
  bind(invite: ServerInvite, dialog: Dialog): void
  reliableOf(invite: ServerInvite): ReliableProvisionals
  /** Sends the application's response. @throws AppError SIP_SEND_FAILED if the transaction is over */
  respond(invite: ServerInvite, response: SipResponse): Buffer
  /** False if the CANCEL is not for one of these INVITEs. */
  cancel(cancel: ServerTransaction): boolean
  /** A BYE ends the dialog. True if it also ends an INVITE without a final response. */
  bye(dialog: Dialog): boolean
  /** The ACK of a 2xx (RFC 3261 §13.3.1.4). False if no dialog has its tags. */
  acknowledge(ack: SipRequest, flow: Flow, size: number): boolean
  /** The application is gone. False if the request is not an INVITE. */
  abandon(pending: PendingRequest): boolean
}

export interface ServerInvitesNeeds {
  readonly clock: Clock
  readonly timers: TimerBase
  readonly pending: PendingRequests
  readonly dialogs: Dialogs
  readonly records: CallRecords
  /** Ends a dialog whose ACK never came with BYE. */
  readonly endUnacknowledged: (dialog: Dialog) => void
}

/** The message that an input stands for: an ACK, or the transaction of a CANCEL. */
type Received = Pick<ServerTransaction, 'request' | 'flow' | 'size'> | ServerTransaction

const nothing = Buffer.alloc(0)
/** RFC 3261 §13.3.1.1: proxies cancel an INVITE without a provisional response for three minutes. */
const provisionalMs = 60_000

export function createServerInvites(needs: ServerInvitesNeeds): ServerInvites {
  const { clock, timers, pending, dialogs, records, endUnacknowledged } = needs
  const byTransaction = new WeakMap<ServerTransaction, ServerInvite>()
  const byDialog = new WeakMap<Dialog, ServerInvite>()

  const actions: { readonly [word in ServerInviteAction]: (invite: ServerInvite, received: Received | undefined) => void } = {
    'send 100': ({ pending: { transaction } }) => transaction.respond(createResponse(transaction.request, 100)),
    'send response': (invite) => {
      if (invite.response) invite.sent = invite.pending.transaction.respond(invite.response)
    },
    'repeat 1xx': ({ response, pending: { transaction } }) => {
      // A reliable response is repeated until its PRACK (RFC 3262 §3).
      if (response && !response.has('RSeq')) tryToSend(response, transaction)
    },
    'repeat 2xx': ({ response, pending: { transaction } }) => response && tryToSend(response, transaction),
    'drop response': dropResponse,
    'pass ack': (invite, ack) => ack && pass(invite, ack),
    'answer cancel': answerCancel,
    'pass cancel': (invite, cancel) => pass(invite, cancel ?? cancelOf(invite.pending.transaction)),
    'send 408': (invite) => refuse(invite, 408, 'Request Timeout'),
    'send 480': (invite) => refuse(invite, 480, 'Temporarily Unavailable'),
    'send 487': (invite) => refuse(invite, 487, 'Request Terminated'),
    'send 504': (invite) => refuse(invite, 504, 'Server Time-out'),
    'send bye': ({ pending: { dialog } }) => dialog && endUnacknowledged(dialog),
    settle,
  }
  const runner = createRunner<ServerInviteState, ServerInviteInput, ServerInviteAction, ServerInviteTimer, ServerInvite, Received>({
    table: serverInviteTable,
    actions,
    timing: {
      clock,
      rules: {
        provisional: { after: () => provisionalMs, input: 'timer provisional' },
        // RFC 3261 §13.3.1.4, over any transport.
        retransmit: { after: () => timers.t1, longest: () => timers.t2, input: 'timer retransmit' },
        ack: { after: () => 64 * timers.t1, input: 'timer ack' },
      },
    },
  })

  function pass({ pending: { application, dialog, id } }: ServerInvite, { request, flow, size }: Received): void {
    const passage = passageOver(flow, size, clock.now())
    application.arrived({ txnId: id, dialogId: dialog?.id ?? '', passage, receivedOn: null, message: request.toBuffer() })
  }

  /** A final response of the server itself. */
  function refuse(invite: ServerInvite, status: number, reason: string): void {
    const { transaction } = invite.pending
    const response = createResponse(transaction.request, status, reason, tagOf(invite))
    const bytes = tryToSend(response, transaction)
    if (!bytes || transaction.request.to.tag !== '') return
    if (status === 487) records.stop('network', 'call-canceled', bytes)
    else records.stop('application', 'system-error-initiated-termination', bytes)
  }

  /** The INVITE has ended without a 2xx; its early dialog ends too. */
  function settle(invite: ServerInvite): void {
    const { dialog } = invite.pending
    pending.settle(invite.pending)
    invite.reliable?.stop()
    dropResponse(invite)
    if (!dialog) return
    dialog.inviting.them = false
    if (dialog.state === 'early') dialogs.end(dialog)
  }

  return {
    start(request) {
      const invite: ServerInvite = {
        ...atStart<ServerInviteState>('idle'),
        pending: request,
        reliable: null,
        response: null,
        sent: nothing,
      }
      request.transaction.onTransportFailure(() => runner.feed(invite, 'transport error'))
      byTransaction.set(request.transaction, invite)
      if (request.dialog) byDialog.set(request.dialog, invite)
      runner.feed(invite, 'start')
      request.alarm = clock.after(128 * timers.t1, () => runner.feed(invite, 'no response'))
    },
    ofTransaction: (transaction) => byTransaction.get(transaction),
    ofDialog: (dialog) => byDialog.get(dialog),
    bind: (invite, dialog) => void byDialog.set(dialog, invite),
    reliableOf(invite) {
      const { transaction } = invite.pending
      invite.reliable ??= createReliableProvisionals({
        clock,
        t1: timers.t1,
        cseq: transaction.request.cseq.number,
        repeat: (response) => tryToSend(response, transaction),
        giveUp: () => runner.feed(invite, 'no prack'),
      })
      return invite.reliable
    },
    respond(invite, response) {
      invite.response = response
      runner.feed(invite, response.status < 200 ? '1xx' : response.status < 300 ? '2xx' : '300-699')
      const { sent } = invite
      invite.sent = nothing
      return sent
    },
    cancel(cancel) {
      const invite = cancel.cancels && byTransaction.get(cancel.cancels)
      if (invite) runner.feed(invite, 'cancel', cancel)
      return Boolean(invite)
    },
    bye(dialog) {
      const invite = byDialog.get(dialog)
      const isUnanswered = invite?.state === 'proceeding'
      if (invite) runner.feed(invite, 'bye')
      return isUnanswered
    },
    acknowledge(ack, flow, size) {
      const dialog = dialogs.of(ack)
      if (!dialog) return false
      const invite = byDialog.get(dialog)
      if (invite?.pending.transaction.request.cseq.number === ack.cseq.number) {
        dialog.acknowledgedAt = clock.now()
        runner.feed(invite, 'ack', { request: ack, flow, size })
      }
      return true
    },
    abandon({ transaction }) {
      const invite = byTransaction.get(transaction)
      if (invite) runner.feed(invite, 'application gone')
      return invite !== undefined
    },
  }
}

function dropResponse(invite: ServerInvite): void {
  invite.response = null
}

/** RFC 3261 §9.2. */
function answerCancel(invite: ServerInvite, cancel: Received | undefined): void {
  if (cancel && 'respond' in cancel) tryToSend(createResponse(cancel.request, 200, 'OK', tagOf(invite)), cancel)
}

function tagOf({ pending }: ServerInvite): string {
  pending.tag ||= newTag()
  return pending.tag
}

/** An INVITE can end without a CANCEL, but drachtio's wire has no other message for it: the application gets this one. */
function cancelOf({ request: invite, flow }: ServerTransaction): Received {
  const request = invite.clone()
  request.method = 'CANCEL'
  request.set('CSeq', `${invite.cseq.number} CANCEL`)
  for (const name of ['Contact', 'Content-Type', 'Record-Route']) request.remove(name)
  request.body = nothing
  return { request, flow, size: 0 }
}
