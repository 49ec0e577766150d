import { createResponse } from '../../sip/message/builder.js'
import type { SipRequest } from '../../sip/message/message.js'
import type { Application } from '../core/application.js'
import { type Core, passageOfOrigin, settle } from '../core/core.js'
import { locate } from '../core/uac/sender.js'
import { tryToSend } from '../core/uas/invite.js'
import type { Flow, ServerTransaction } from '../transaction/transaction-layer.js'
import { dropOwnRoutes, isOurUri, mayHop, passOn, topRoute } from './forwarding.js'
import { createProxiedDialogs, type ProxiedDialogs } from './proxied-dialogs.js'
import { cancelProxying, type Proxying, type ProxyListener, type ProxyOrder, startProxying } from './proxying.js'

/** A stateful proxy (RFC 3261 §16) for requests that an application passes on, and for what comes later in their dialogs. */
export interface Proxy {
  /** The application's `proxy` command: it gives the request out of hand. */
  proxy(application: Application, command: string, txnId: string, plan: ProxyPlan): void
  /** True where a CANCEL is for a request that passes through: it is answered then. */
  cancels(cancel: ServerTransaction): boolean
  /** True where a request of a dialog passes through: it goes on then. */
  relays(transaction: ServerTransaction): boolean
  relaysAck(ack: SipRequest, flow: Flow): boolean
}

export interface ProxyPlan {
  readonly order: ProxyOrder
  readonly destinations: readonly string[]
}

interface ProxyState {
  readonly core: Core
  readonly passing: WeakMap<ServerTransaction, Proxying>
  readonly dialogs: ProxiedDialogs
}

const silent: ProxyListener = { attempted: () => undefined, done: () => undefined }
const straightOn: ProxyOrder = { stay: 'no', redirects: 'pass', forking: 'serial', provisionalMs: null, finalMs: null, fields: [] }

export function createProxy(core: Core): Proxy {
  const state: ProxyState = { core, passing: new WeakMap(), dialogs: createProxiedDialogs() }
  return {
    proxy: (application, command, txnId, plan) => proxy(state, { application, command, txnId }, plan),
    cancels(cancel) {
      const proxying = cancel.cancels && state.passing.get(cancel.cancels)
      if (proxying) cancelProxying(proxying, cancel)
      return Boolean(proxying)
    },
    relays: (transaction) => relays(state, transaction),
    relaysAck: (ack, flow) => relaysAck(state, ack, flow),
  }
}

interface ProxyCommand {
  readonly application: Application
  readonly command: string
  readonly txnId: string
}

function proxy(state: ProxyState, { application, command, txnId }: ProxyCommand, { order, destinations }: ProxyPlan): void {
  const { core } = state
  const pending = core.pending.get(txnId)
  if (!pending || pending.application !== application) {
    application.refused(command, `Unknown transaction id: ${txnId}`)
    return
  }
  const { transaction } = pending
  const { request } = transaction
  settle(core, pending)
  if (!mayHop(request)) {
    tryToSend(createResponse(request, 483), transaction)
    application.refused(command, 'Rejected with 483 Too Many Hops due to Max-Forwards value of 0')
    return
  }
  dropOwnRoutes(request, core.layer.listening)
  const stay = order.stay !== 'no' && request.method === 'REGISTER' ? 'Path' : order.stay
  if (stay === 'Record-Route') state.dialogs.add(request)
  let accepted = false
  const listener: ProxyListener = {
    attempted(response, origin) {
      accepted ||= response.status < 300
      application.proxied(command, passageOfOrigin(core, origin), response.toBuffer())
    },
    done() {
      // What nobody has accepted is no dialog.
      if (!accepted && stay === 'Record-Route') state.dialogs.remove(request)
      application.proxyDone(command)
    },
  }
  state.passing.set(transaction, startProxying({ core, transaction, order: { ...order, stay }, listener }, destinations))
}

/** The later requests of a dialog that we stay in: they have our Route on top. */
function relays(state: ProxyState, transaction: ServerTransaction): boolean {
  const { core, dialogs, passing } = state
  const { request } = transaction
  if (!dialogs.has(request)) return false
  dropOwnRoutes(request, core.layer.listening)
  if (topRoute(request) === null && isOurUri(core.layer.listening, request.uri)) return false
  if (!mayHop(request)) {
    tryToSend(createResponse(request, 483), transaction)
    return true
  }
  const listener = { ...silent, done: () => (request.method === 'BYE' ? dialogs.remove(request) : undefined) }
  if (request.method === 'INVITE') tryToSend(createResponse(request, 100), transaction)
  passing.set(transaction, startProxying({ core, transaction, order: straightOn, listener }, [request.uri]))
  return true
}

function relaysAck({ core, dialogs }: ProxyState, ack: SipRequest, flow: Flow): boolean {
  if (!dialogs.has(ack)) return false
  dropOwnRoutes(ack, core.layer.listening)
  const next = topRoute(ack) ?? ack.uri
  if (!mayHop(ack) || isOurUri(core.layer.listening, next)) return false
  const lost = (): void => core.log.debug({ event: 'sip.dropped', reason: 'ACK' }, 'an ACK could not be passed on')
  locate(
    core,
    { uri: next, from: null },
    ([hop]) => {
      if (!hop) return
      if (!core.layer.sendAck(passOn(ack, { target: null, stay: 'no', fields: [], from: flow, hop }), hop)) lost()
    },
    lost,
  )
  return true
}
