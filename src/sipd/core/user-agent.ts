import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { newTag } from '../../sip/ids.js'
import { createResponse } from '../../sip/message/builder.js'
import type { SavedDialog } from '../../sip/saved-dialog.js'
import type { TimerBase } from '../../sip/timers.js'
import { createProxy, type StatefulProxy } from '../proxy/proxy.js'
import type { TransactionLayer } from '../transaction/transaction-layer.js'
import type { Application, Applications, CallRecords } from './application.js'
import { createDialogLocator } from './dialogs/dialog-locator.js'
import { createDialogs, type Dialogs, dialogCapacity } from './dialogs/dialogs.js'
import { createDialogRestoration } from './dialogs/restored-dialog.js'
import { createServerRequests } from './dialogs/server-requests.js'
import { createSubscriptionTimers } from './dialogs/subscription-timers.js'
import { createPendingRequests, type PendingRequests } from './pending-requests.js'
import { createSessionTimers } from './session/session-timers.js'
import { createUacInDialogRequests, type UacInDialogRequests } from './uac/in-dialog-request.js'
import { createInviteDialogs } from './uac/invite-dialogs.js'
import { type ClientInvites, createClientInvites } from './uac/invites.js'
import { createLocator } from './uac/locator.js'
import { createRequestSender } from './uac/request-sender.js'
import { createSubscribes } from './uac/subscribes.js'
import { createUacRequests, type UacRequests } from './uac/uac-request.js'
import { createUnresponsiveHops } from './uac/unresponsive-hops.js'
import { createInDialogRequests } from './uas/in-dialog-request.js'
import { createServerInvites } from './uas/invites.js'
import { createLoadShedding } from './uas/load-shedding.js'
import { createNewRequests } from './uas/new-request.js'
import { createRequestDelivery } from './uas/request-delivery.js'
import { tryToSend } from './uas/server-response.js'
import { createUasDialogs } from './uas/uas-dialogs.js'
import { createUasRequests, type UasRequests } from './uas/uas-request.js'
import { createUasResponses, type UasResponses } from './uas/uas-response.js'

/** The UA core of RFC 3261 §8, §12–§15 on behalf of applications. */
export interface UserAgent {
  readonly respond: UasResponses['respond']
  readonly cancel: ClientInvites['cancel']
  readonly request: UacRequests['request']
  readonly requestInDialog: UacInDialogRequests['request']
  /** Adds a dialog that began before the server did. Null, or why it is refused. */
  restore(application: Application, saved: SavedDialog): string | null
  /** Forwards a request that waits for the application's response. */
  readonly proxy: StatefulProxy['proxy']
  /** True while the request waits for this application. */
  awaits(application: Application, txnId: string): boolean
  /** Moves a waiting request to another application; the caller delivers it. */
  readonly handOver: PendingRequests['handOver']
  /** The application disconnected: responds to its waiting requests, ends its calls and removes its dialogs. */
  forget(application: Application): void
  readonly dialogs: number
  /** The connections to which the requests of calls are bound. */
  readonly connectionsInCall: Dialogs['connectionsInCall']
  /** Requests that wait for an application, and INVITEs of applications without a final response or ACK. */
  readonly unfinished: number
  /** Requests refused since the start because their application did not read fast enough. */
  readonly shed: number
}

export interface UserAgentNeeds {
  readonly layer: TransactionLayer
  readonly applications: Applications
  readonly records: CallRecords
  readonly clock: Clock
  readonly log: Logger
  readonly timers: TimerBase
  /** Also reports 100 Trying to applications. */
  readonly reportsTrying?: boolean | undefined
  /** Maximum number of dialogs; further requests get 503 with Retry-After. */
  readonly maxDialogs?: number | undefined
}

export function createUserAgent(needs: UserAgentNeeds): UserAgent {
  const { layer, maxDialogs = dialogCapacity } = needs
  const dialogs = createDialogs(maxDialogs)
  const pending = createPendingRequests()
  const shedding = createLoadShedding()
  const shared = createSharedParts(needs, dialogs)
  const client = createClientSide(needs, { ...shared, dialogs })
  const proxy = createProxy({ ...needs, locator: shared.locator, pending })
  const server = createServerSide(needs, { ...shared, dialogs, pending, shedding, proxy, adopt: client.subscribes.adopt })

  layer.onRequest(receiverOf(server.requests, needs.log))
  layer.onAck((ack, flow, size) => server.invites.acknowledge(ack, flow, size) || proxy.forwardAck(ack, flow))
  layer.knowsDialogs((request) => dialogs.of(request) !== undefined)
  layer.knowsEmergencyDialogs((request) => dialogs.of(request)?.isEmergency === true)

  return {
    respond: server.responses.respond,
    restore: createDialogRestoration({ clock: needs.clock, layer, dialogs, subscriptionTimers: shared.subscriptionTimers }),
    proxy: proxy.proxy,
    cancel: client.invites.cancel,
    request: client.requests.request,
    requestInDialog: client.inDialogRequests.request,
    awaits: (application, txnId) => pending.of(application, txnId) !== undefined,
    handOver: pending.handOver,
    forget(application) {
      server.requests.abandon(application)
      client.invites.abandon(application)
      for (const dialog of dialogs.ofApplication(application)) dialogs.end(dialog)
    },
    get dialogs() {
      return dialogs.live
    },
    connectionsInCall: dialogs.connectionsInCall,
    get shed() {
      return shedding.refused
    },
    get unfinished() {
      return pending.size + client.invites.size
    },
  }
}

/** A fault in one request ends that request. */
function receiverOf(requests: UasRequests, log: Logger): Parameters<TransactionLayer['onRequest']>[0] {
  return (transaction) => {
    try {
      requests.receive(transaction)
    } catch (fault) {
      log.error({ event: 'call.fault', err: fault, method: transaction.request.method }, 'a request could not be handled')
      if (!transaction.completed) tryToSend(createResponse(transaction.request, 500, undefined, newTag()), transaction)
    }
  }
}

/** What both sides use: sending requests, the server's own requests in dialogs, timers of sessions and subscriptions. */
function createSharedParts({ layer, records, clock, log, timers }: UserAgentNeeds, dialogs: Dialogs) {
  const { t1 } = timers
  const locator = createLocator({ layer, log })
  const unresponsiveHops = createUnresponsiveHops(clock)
  const sender = createRequestSender({ layer, clock, t1, unresponsiveHops })
  const dialogLocator = createDialogLocator({ layer, locator })
  const serverRequests = createServerRequests({ clock, layer, sender, locator: dialogLocator, dialogs, records })
  const sessionTimers = createSessionTimers({ clock, dialogs, sender, locator: dialogLocator, serverRequests })
  const subscriptionTimers = createSubscriptionTimers({ clock, t1, dialogs })
  return { locator, unresponsiveHops, sender, dialogLocator, serverRequests, sessionTimers, subscriptionTimers }
}

type SharedParts = ReturnType<typeof createSharedParts> & { readonly dialogs: Dialogs }

/** RFC 3261 §8.1, §12.2.1, §13.2. */
function createClientSide({ layer, records, clock, timers, reportsTrying = false }: UserAgentNeeds, shared: SharedParts) {
  const { t1 } = timers
  const { dialogs, locator, dialogLocator, sender, unresponsiveHops, sessionTimers, subscriptionTimers, serverRequests } = shared
  const invites = createClientInvites({
    clock,
    t1,
    dialogs,
    inviteDialogs: createInviteDialogs({ layer, dialogs }),
    serverRequests,
    sessionTimers,
    records,
    reportsTrying,
  })
  const subscribes = createSubscribes({ layer, dialogs, subscriptionTimers })
  return {
    invites,
    subscribes,
    requests: createUacRequests({ clock, layer, locator, sender, unresponsiveHops, invites, subscribes, records }),
    inDialogRequests: createUacInDialogRequests({
      clock,
      t1,
      dialogs,
      locator: dialogLocator,
      sender,
      invites,
      sessionTimers,
      subscriptionTimers,
      records,
    }),
  }
}

interface ServerParts extends SharedParts {
  readonly pending: PendingRequests
  readonly shedding: ReturnType<typeof createLoadShedding>
  readonly proxy: StatefulProxy
  readonly adopt: ReturnType<typeof createSubscribes>['adopt']
}

/** RFC 3261 §8.2, §12.2.2, §13.3. */
function createServerSide({ layer, applications, records, clock, timers }: UserAgentNeeds, shared: ServerParts) {
  const { dialogs, pending, shedding, proxy, adopt, sessionTimers, subscriptionTimers, serverRequests } = shared
  const invites = createServerInvites({
    clock,
    timers,
    pending,
    dialogs,
    records,
    endUnacknowledged: (dialog) => serverRequests.end(dialog, { text: 'ACK timeout', record: 'system-initiated-termination' }),
  })
  const delivery = createRequestDelivery({ clock, t1: timers.t1, pending, invites, records })
  const uasDialogs = createUasDialogs({ layer, dialogs, invites, subscriptionTimers })
  return {
    invites,
    requests: createUasRequests({
      dialogs,
      pending,
      invites,
      newRequests: createNewRequests({ layer, applications, dialogs, delivery, shedding }),
      inDialogRequests: createInDialogRequests({ dialogs, invites, delivery, shedding, records }),
      proxy,
      adopt,
    }),
    responses: createUasResponses({ clock, pending, invites, dialogs, uasDialogs, sessionTimers, records }),
  }
}
