import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { newTag } from '../../sip/ids.js'
import { createResponse } from '../../sip/message/builder.js'
import type { SipResponse } from '../../sip/message/message.js'
import { createProxy, type ProxyPlan } from '../proxy/proxy.js'
import type { TransactionLayer } from '../transaction/transaction-layer.js'
import type { Application, Applications, CallRecords } from './application.js'
import type { Core } from './core.js'
import { createDelivery } from './delivery.js'
import { descriptionIn, dialogId } from './dialogs/dialog.js'
import { createDialogTable, dialogCapacity } from './dialogs/dialogs.js'
import { createServerRequests } from './dialogs/server-requests.js'
import { createUacDialogs } from './dialogs/uac-dialog.js'
import type { RequestDraft, ResponseDraft } from './draft.js'
import type { Origin } from './passage.js'
import { createPendingRequests } from './pending-requests.js'
import { termsOf } from './session/session-terms.js'
import { createSessionKeeper, type SessionKeeper } from './session/session-timer.js'
import type { ClientCall } from './uac/invite.js'
import { createClientCalls } from './uac/invites.js'
import { createLocator } from './uac/locator.js'
import { createRequestSender } from './uac/request-sender.js'
import { createUacRequests, passResponse } from './uac/uac-request.js'
import { createUnresponsiveHops } from './uac/unresponsive-hops.js'
import { tryToSend } from './uas/server-response.js'
import { createUasRequests, type UasRequests } from './uas/uas-request.js'
import { createUasResponses } from './uas/uas-response.js'

/** The UA core of RFC 3261 §8, §12–§15 on behalf of applications. */
export interface UserAgent {
  respond(application: Application, command: string, txnId: string, draft: ResponseDraft): void
  cancel(application: Application, command: string, txnId: string, draft: RequestDraft): void
  request(application: Application, command: string, routeUri: string, draft: RequestDraft): void
  requestInDialog(application: Application, command: string, ids: InDialogIds, draft: RequestDraft): void
  /** Forwards a request that waits for the application's response. */
  proxy(application: Application, command: string, txnId: string, plan: ProxyPlan): void
  /** True while the request waits for this application. */
  awaits(application: Application, txnId: string): boolean
  /** Moves a waiting request to another application; the caller delivers it. */
  handOver(from: Application, txnId: string, to: Application): void
  /** The application disconnected: responds to its waiting requests, ends its calls and removes its dialogs. */
  forget(application: Application): void
  readonly dialogs: number
  /** Requests that wait for an application, and INVITEs of applications without a final response or ACK. */
  readonly unfinished: number
  /** Requests refused since the start because their application did not read fast enough. */
  readonly shed: number
}

interface InDialogIds {
  readonly dialogId: string
  /** The next hop instead of the dialog's; `''` without. */
  readonly routeUri: string
}

export interface UserAgentNeeds {
  readonly layer: TransactionLayer
  readonly applications: Applications
  readonly records: CallRecords
  readonly clock: Clock
  readonly log: Logger
  readonly timers: { readonly t1: number; readonly t2: number; readonly t4: number }
  readonly tellsTrying?: boolean | undefined
  /** Maximum number of dialogs; further requests get 503 with Retry-After. */
  readonly mostDialogs?: number | undefined
}

export function createUserAgent(needs: UserAgentNeeds): UserAgent {
  const { clock, tellsTrying = false, mostDialogs = dialogCapacity } = needs
  const [dialogs, unresponsiveHops] = [createDialogTable(mostDialogs), createUnresponsiveHops(clock)]
  const pending = createPendingRequests()
  const locator = createLocator(needs)
  const sender = createRequestSender({ ...needs, t1: needs.timers.t1, unresponsiveHops })
  const core: Core = { ...needs, tellsTrying, dialogs, unresponsiveHops, locator, sender, pending, shed: { requests: 0 } }
  const serverRequests = createServerRequests(core)
  const keeper = createSessionKeeper(core, serverRequests)
  const calls = createClientCalls({
    core,
    sendAck: serverRequests.sendAck,
    repeatAck: serverRequests.repeatAck,
    sendBye: (dialog, text, news) => serverRequests.end(dialog, { text, record: 'system-initiated-termination', news }),
    pass: (call, response, origin) => passInviteResponse(core, keeper, call, { response, origin }),
  })
  const uacDialogs = createUacDialogs({ core, calls, keep: keeper.keep })
  const uacRequests = createUacRequests(core, calls)
  const uasResponses = createUasResponses(core, keeper)
  const proxy = createProxy({ ...needs, locator, pending })
  const uasRequests = createUasRequests({
    core,
    responses: uasResponses,
    delivery: createDelivery(core),
    adopt: uacRequests.adopt,
    relay: proxy,
    endUnacknowledged: (dialog) =>
      serverRequests.end(dialog, { text: 'ACK timeout', record: 'system-initiated-termination', news: 'told' }),
  })
  listen(core, uasRequests)

  return {
    respond: uasResponses.respond,
    proxy: proxy.proxy,
    cancel: calls.cancel,
    request: uacRequests.request,
    requestInDialog: (application, command, { dialogId, routeUri }, draft) =>
      uacDialogs.request({ application, command, dialogId, draft }, routeUri),
    awaits: (application, txnId) => pending.of(application, txnId) !== undefined,
    handOver: pending.handOver,
    forget(application) {
      uasRequests.abandon(application)
      calls.abandon(application)
      for (const dialog of core.dialogs.ofApplication(application)) core.dialogs.remove(dialog)
    },
    get dialogs() {
      return core.dialogs.standing
    },
    get shed() {
      return core.shed.requests
    },
    get unfinished() {
      return core.pending.size + calls.size
    },
  }
}

function listen(core: Core, uasRequests: UasRequests): void {
  core.layer.onRequest((transaction) => {
    try {
      uasRequests.receive(transaction)
    } catch (fault) {
      core.log.error({ event: 'call.fault', err: fault, method: transaction.request.method }, 'a request could not be handled')
      if (!transaction.completed) tryToSend(createResponse(transaction.request, 500, undefined, newTag()), transaction)
    }
  })
  core.layer.knowsDialogs((request) => core.dialogs.of(request) !== undefined)
  core.layer.onAck((ack, flow, size) => uasRequests.receiveAck(ack, flow, size))
}

/** Handles a response to an application's INVITE: application, call records, session timer. */
function passInviteResponse(
  core: Core,
  keeper: SessionKeeper,
  call: ClientCall,
  received: { response: SipResponse; origin: Origin },
): void {
  const { response, origin } = received
  const { application, txnId, request, winner } = call
  const id = winner?.id ?? call.dialog?.id ?? dialogId(request.callId, request.from.tag)
  passResponse(core, { application, txnId, dialogId: id }, response, origin)
  if (response.status < 200) return
  if (winner && response.status < 300) {
    winner.description = descriptionIn(request) ?? winner.description
    keeper.keep(winner, termsOf(request, response), response)
  }
  if (!call.dialog) record(core, response)
}

function record({ records }: Core, response: SipResponse): void {
  if (response.status < 300) records.start('network', 'uac', response)
  else if (response.status === 487) records.stop('application', 'call-canceled', response)
  else records.stop('network', 'call-rejected', response)
}
