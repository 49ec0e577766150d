import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { createResponse } from '../../sip/message/builder.js'
import type { SipRequest } from '../../sip/message/message.js'
import type { Application } from '../core/application.js'
import { passageOfResponse } from '../core/passage.js'
import type { PendingRequests } from '../core/pending-requests.js'
import type { Locator } from '../core/uac/locator.js'
import { tryToSend } from '../core/uas/server-response.js'
import type { Flow, ServerTransaction, TransactionLayer } from '../transaction/transaction-layer.js'
import { createBranches } from './branches.js'
import { dropOwnRoutes, forwardedCopy, hasHopsLeft, isOurUri, topRoute } from './forwarding.js'
import { createProxiedDialogs } from './proxied-dialogs.js'
import type { ProxyOptions } from './proxy-options.js'
import { type ProxyListener, type ResponseContext, startResponseContext } from './response-context.js'

/** A stateful proxy (RFC 3261 §16) for requests that an application has forwarded, and for later requests in their dialogs. */
export interface StatefulProxy {
  /** The application's `proxy` command. Its request no longer waits for a response. */
  proxy(application: Application, command: string, txnId: string, plan: ProxyPlan): void
  /** Answers the CANCEL of a forwarded request; false for any other. */
  cancel(cancel: ServerTransaction): boolean
  /** Forwards a request in a record-routed dialog; false for any other. */
  forward(transaction: ServerTransaction): boolean
  /** Forwards the ACK of a 2xx in a record-routed dialog; false for any other. */
  forwardAck(ack: SipRequest, flow: Flow): boolean
}

export interface ProxyPlan {
  readonly options: ProxyOptions
  readonly destinations: readonly string[]
}

export interface ProxyNeeds {
  readonly layer: Pick<TransactionLayer, 'send' | 'sendAck' | 'listening'>
  readonly locator: Locator
  readonly pending: PendingRequests
  readonly clock: Clock
  readonly log: Logger
}

/** For requests in dialogs: to the Request-URI, without an application. */
const inDialogOptions: ProxyOptions = {
  recordRoute: 'none',
  redirects: 'pass',
  forking: 'serial',
  provisionalMs: null,
  finalMs: null,
  fields: [],
}

export function createProxy({ layer, locator, pending, clock, log }: ProxyNeeds): StatefulProxy {
  const branches = createBranches({ layer, locator, clock })
  const dialogs = createProxiedDialogs()
  const contexts = new WeakMap<ServerTransaction, ResponseContext>()

  function start(transaction: ServerTransaction, { options, destinations }: ProxyPlan, listener: ProxyListener): void {
    const isForUs = isOurUri(layer.listening, transaction.request.uri)
    contexts.set(transaction, startResponseContext({ branches, transaction, options, listener, isForUs }, destinations))
  }

  /** Keeps a dialog only if a branch accepts it. */
  function listenerOf(application: Application, command: string, recorded: SipRequest | null): ProxyListener {
    let isAccepted = false
    return {
      attempted(response, origin) {
        isAccepted ||= response.status < 300
        application.proxied(command, passageOfResponse(origin, clock.now()), response.toBuffer())
      },
      done() {
        if (!isAccepted && recorded) dialogs.remove(recorded)
        application.proxyDone(command)
      },
    }
  }

  function logLostAck(): void {
    log.debug({ event: 'sip.dropped', reason: 'ACK' }, 'an ACK could not be forwarded')
  }

  return {
    proxy(application, command, txnId, { options, destinations }) {
      const waiting = pending.of(application, txnId)
      if (!waiting) {
        application.refused(command, `Unknown transaction id: ${txnId}`)
        return
      }
      const { transaction } = waiting
      const { request } = transaction
      pending.settle(waiting)
      if (!hasHopsLeft(request)) {
        tryToSend(createResponse(request, 483), transaction)
        application.refused(command, 'Rejected with 483 Too Many Hops due to Max-Forwards value of 0')
        return
      }
      dropOwnRoutes(request, layer.listening)
      const recordRoute = options.recordRoute !== 'none' && request.method === 'REGISTER' ? 'Path' : options.recordRoute
      const recorded = recordRoute === 'Record-Route' ? request : null
      if (recorded) dialogs.add(recorded)
      start(transaction, { options: { ...options, recordRoute }, destinations }, listenerOf(application, command, recorded))
    },
    cancel(cancel) {
      const context = cancel.cancels && contexts.get(cancel.cancels)
      context?.cancel(cancel)
      return Boolean(context)
    },
    forward(transaction) {
      const { request } = transaction
      if (!dialogs.has(request)) return false
      dropOwnRoutes(request, layer.listening)
      if (topRoute(request) === null && isOurUri(layer.listening, request.uri)) return false
      if (!hasHopsLeft(request)) {
        tryToSend(createResponse(request, 483), transaction)
        return true
      }
      if (request.method === 'INVITE') tryToSend(createResponse(request, 100), transaction)
      start(
        transaction,
        { options: inDialogOptions, destinations: [request.uri] },
        { attempted: () => undefined, done: () => request.method === 'BYE' && dialogs.remove(request) },
      )
      return true
    },
    forwardAck(ack, flow) {
      if (!dialogs.has(ack)) return false
      dropOwnRoutes(ack, layer.listening)
      const next = topRoute(ack) ?? ack.uri
      if (!hasHopsLeft(ack) || isOurUri(layer.listening, next)) return false
      const forward = (hop: Parameters<typeof layer.sendAck>[1]): boolean =>
        layer.sendAck(forwardedCopy(ack, { target: null, recordRoute: 'none', fields: [], from: flow, hop }), hop) !== null
      locator.locate({ uri: next, from: null }, ([hop]) => hop && !forward(hop) && logLostAck(), logLostAck)
      return true
    },
  }
}
