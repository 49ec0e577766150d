import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { createResponse } from '../../sip/builder.js'
import { newTag } from '../../sip/ids.js'
import type { ServerTransaction, TransactionLayer } from '../transaction/transaction-layer.js'
import { createAnswering } from './answering.js'
import type { Application, Applications } from './application.js'
import { createClientCalls } from './call/client-calls.js'
import type { Core } from './core.js'
import { createDelivery } from './delivery.js'
import { createDialogTable } from './dialog-table.js'
import type { RequestDraft, ResponseDraft } from './draft.js'
import { createInDialog } from './in-dialog.js'
import { createIncoming } from './incoming.js'
import { createOutgoing } from './outgoing.js'
import { createSender } from './sender.js'

/** The UA core of RFC 3261 §8, §12–§15 on behalf of applications: every method is one of their commands. */
export interface UserAgent {
  respond(application: Application, command: string, txnId: string, draft: ResponseDraft): void
  cancel(application: Application, command: string, txnId: string, draft: RequestDraft): void
  request(application: Application, command: string, routeUri: string, draft: RequestDraft): void
  requestInDialog(application: Application, command: string, ids: InDialogIds, draft: RequestDraft): void
  /** Its connection is gone: nobody waits for it any longer, and its dialogs are no more. */
  forget(application: Application): void
  readonly dialogs: number
}

export interface InDialogIds {
  readonly dialogId: string
  /** The next hop instead of the dialog's; `''` without. */
  readonly routeUri: string
}

export interface UserAgentNeeds {
  readonly layer: TransactionLayer
  readonly applications: Applications
  readonly clock: Clock
  readonly log: Logger
  readonly timers: { readonly t1: number; readonly t2: number; readonly t4: number }
}

export function createUserAgent(needs: UserAgentNeeds): UserAgent {
  const core: Core = { ...needs, dialogs: createDialogTable(), pending: new Map() }
  const sender = createSender(core)
  const calls = createClientCalls({
    core,
    sendAck: (dialog, invite, by) => inDialog.sendAck(dialog, invite, by),
    repeatAck: (dialog) => inDialog.repeatAck(dialog),
    sendBye: (dialog, reason, news) => inDialog.end(dialog, reason, news),
  })
  const inDialog = createInDialog({ core, sender, calls })
  const outgoing = createOutgoing({ core, sender, calls })
  const answering = createAnswering(core)
  const incoming = createIncoming({
    core,
    answering,
    delivery: createDelivery(core),
    adopt: (request, flow) => outgoing.adopt(request, flow),
    end: (dialog, reason) => inDialog.end(dialog, reason, 'told'),
  })

  core.layer.onRequest((transaction) => {
    try {
      incoming.receive(transaction)
    } catch (fault) {
      core.log.error({ event: 'call.fault', err: fault, method: transaction.request.method }, 'a request could not be handled')
      answerFault(transaction)
    }
  })
  core.layer.onAck((ack, flow, size) => incoming.receiveAck(ack, flow, size))

  function answerFault(transaction: ServerTransaction): void {
    if (!transaction.completed) transaction.respond(createResponse(transaction.request, 500, undefined, newTag()))
  }

  return {
    respond: answering.respond,
    cancel: calls.cancel,
    request: outgoing.request,
    requestInDialog(application, command, { dialogId, routeUri }, draft) {
      inDialog.request(application, command, dialogId, routeUri, draft)
    },
    forget(application) {
      incoming.abandon(application)
      calls.abandon(application)
      for (const dialog of core.dialogs.ofApplication(application)) core.dialogs.remove(dialog)
    },
    get dialogs() {
      return core.dialogs.size
    },
  }
}
