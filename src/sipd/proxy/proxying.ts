import type { Alarm } from '../../base/clock.js'
import { atStart, createRunner, type MachineState } from '../../base/machine.js'
import { newBranch } from '../../sip/ids.js'
import { createResponse } from '../../sip/message/builder.js'
import type { SipRequest, SipResponse } from '../../sip/message/message.js'
import { localFailure } from '../core/compose.js'
import type { Core, Origin } from '../core/core.js'
import type { Field } from '../core/draft.js'
import { ignoreResponses, locate } from '../core/uac/sender.js'
import { tryToSend } from '../core/uas/invite.js'
import type { ClientTransaction, ClientUser, Hop, ServerTransaction } from '../transaction/transaction-layer.js'
import { bestResponse } from './best-response.js'
import { type BranchAction, type BranchInput, type BranchState, branchTable } from './branch-table.js'
import { isOurUri, passOn, topRoute } from './forwarding.js'

/** RFC 3261 §16.6 step 11, Timer C: longer than three minutes. */
const longestRingingMs = 185_000

/** How a request passes through. */
export interface ProxyOrder {
  readonly stay: 'no' | 'Record-Route' | 'Path'
  readonly redirects: 'follow' | 'pass'
  readonly forking: 'simultaneous' | 'serial'
  readonly provisionalMs: number | null
  readonly finalMs: number | null
  readonly fields: readonly Field[]
}

/** What becomes of it, for whoever has asked. */
export interface ProxyListener {
  /** The final response of one attempt. */
  attempted(response: SipResponse, origin: Origin): void
  done(): void
}

/** A request that passes through: one server transaction, one branch for each target. */
export interface Proxying {
  readonly core: Core
  readonly transaction: ServerTransaction
  readonly order: ProxyOrder
  readonly listener: ProxyListener
  /** Not tried yet. */
  readonly targets: string[]
  readonly tried: Set<string>
  /** Targets that a redirection named: they are the new Request-URI (RFC 3261 §16.5). */
  readonly redirected: Set<string>
  readonly branches: Branch[]
  readonly failures: SipResponse[]
  state: 'open' | 'cancelled' | 'answered' | 'over'
}

interface Branch extends MachineState<BranchState> {
  readonly proxying: Proxying
  client: ClientTransaction | null
  latest: { readonly response: SipResponse; readonly origin: Origin } | null
  slow: Alarm | null
  late: Alarm | null
}

type Parts = Pick<Proxying, 'core' | 'transaction' | 'order' | 'listener'>

/** Begins with the targets. */
export function startProxying(parts: Parts, targets: readonly string[]): Proxying {
  const proxying: Proxying = {
    ...parts,
    targets: [...targets],
    tried: new Set(),
    redirected: new Set(),
    branches: [],
    failures: [],
    state: 'open',
  }
  goOn(proxying)
  return proxying
}

/** The caller's CANCEL (RFC 3261 §16.10). */
export function cancelProxying(proxying: Proxying, cancel: ServerTransaction): void {
  tryToSend(createResponse(cancel.request, 200), cancel)
  if (proxying.state !== 'open') return
  proxying.state = 'cancelled'
  cancelBranches(proxying, null)
  finishIfOver(proxying)
}

function goOn(proxying: Proxying): void {
  const { targets, order } = proxying
  const next = order.forking === 'serial' ? targets.splice(0, 1) : targets.splice(0)
  for (const target of next) if (!proxying.tried.has(target)) tryTarget(proxying, target)
  finishIfOver(proxying)
}

function tryTarget(proxying: Proxying, target: string): void {
  const { core, transaction } = proxying
  const { request } = transaction
  proxying.tried.add(target)
  const branch: Branch = { proxying, ...atStart<BranchState>('trying'), client: null, latest: null, slow: null, late: null }
  proxying.branches.push(branch)
  // A request that is not for us keeps its Request-URI: the target is only the next hop.
  const replaces = isOurUri(core.layer.listening, request.uri) || proxying.redirected.has(target)
  locate(
    core,
    { uri: topRoute(request) ?? target, from: null },
    (hops) => send(branch, replaces ? target : null, hops),
    (reason) => failLocally(branch, { status: 503, reason }),
  )
}

function send(branch: Branch, target: string | null, hops: readonly Hop[]): void {
  const { core, transaction, order } = branch.proxying
  const { request, flow } = transaction
  const hop = hops[0]
  if (branch.state !== 'trying' || !hop) {
    failLocally(branch, hop ? { status: 487, reason: 'Request Terminated' } : { status: 503, reason: 'DNS Error' })
    return
  }
  if (order.provisionalMs !== null) branch.slow = core.clock.after(order.provisionalMs, () => feed(branch, 'no provisional'))
  if (order.finalMs !== null) branch.late = core.clock.after(order.finalMs, () => feed(branch, 'no final'))
  const copy = passOn(request, { target, stay: order.stay, fields: order.fields, from: flow, hop })
  branch.client = core.layer.send(copy, hop, userOf(branch))
}

function userOf(branch: Branch): ClientUser {
  return {
    onSent: () => undefined,
    onResponse: (response, flow, size) => hear(branch, response, { protocol: flow.protocol, flow, size }),
    onTimeout: () => failLocally(branch, { status: 408, reason: 'Request Timeout' }),
    onTransportFailure: () => failLocally(branch, { status: 503, reason: 'Service Unavailable' }),
  }
}

function failLocally(branch: Branch, { status, reason }: { status: number; reason: string }): void {
  hear(branch, localFailure(asSent(branch), status, reason), { protocol: branch.proxying.transaction.flow.protocol, flow: null, size: 0 })
}

/** What went out, or would have, with a Via of ours on top. */
function asSent({ client, proxying }: Branch): SipRequest {
  if (client) return client.request
  const copy = proxying.transaction.request.clone()
  copy.prepend('Via', `SIP/2.0/UDP proxy.invalid;branch=${newBranch()}`)
  return copy
}

function hear(branch: Branch, response: SipResponse, origin: Origin): void {
  branch.latest = { response, origin }
  feed(branch, inputOf(response.status))
}

function inputOf(status: number): BranchInput {
  if (status === 100) return '100'
  if (status < 200) return '1xx'
  return status < 300 ? '2xx' : '300-699'
}

const actions: Readonly<Record<BranchAction, (branch: Branch) => void>> = {
  'forward response': forward,
  'wait while it rings': (branch) => {
    branch.slow?.cancel()
    branch.slow = branch.proxying.core.clock.after(longestRingingMs, () => feed(branch, 'rings too long'))
  },
  'stop waiting': (branch) => {
    branch.slow?.cancel()
    branch.late?.cancel()
  },
  'send cancel': ({ client, proxying }) => {
    if (proxying.transaction.request.method === 'INVITE') client?.cancel(ignoreResponses, null)
  },
  'weigh failure': weigh,
  'count as 408': (branch) => {
    const { proxying } = branch
    proxying.failures.push(localFailure(asSent(branch), 408, 'Request Timeout'))
    goOn(proxying)
  },
}

const { feed } = createRunner<BranchState, BranchInput, BranchAction, never, Branch>({ table: branchTable, actions })

/** RFC 3261 §16.7 steps 3, 5 and 9. */
function forward(branch: Branch): void {
  const { proxying, latest } = branch
  if (!latest) return
  const { response, origin } = latest
  const success = response.status >= 200
  if (!success && proxying.state === 'answered') return
  const first = success && proxying.state !== 'answered' && proxying.state !== 'over'
  if (first) {
    proxying.state = 'answered'
    proxying.listener.attempted(response, origin)
    cancelBranches(proxying, branch)
  }
  sendUp(proxying, response)
  if (first) proxying.listener.done()
}

function sendUp({ transaction }: Proxying, response: SipResponse): void {
  const copy = response.clone()
  copy.removeFirst('Via')
  tryToSend(copy, transaction)
}

/** RFC 3261 §16.7 steps 4 to 6: a failure is kept until nobody is left who may answer better. */
function weigh(branch: Branch): void {
  const { proxying, latest } = branch
  if (!latest || proxying.state === 'answered' || proxying.state === 'over') return
  const { response, origin } = latest
  proxying.listener.attempted(response, origin)
  const redirects = response.status < 400 && proxying.order.redirects === 'follow' && proxying.state === 'open'
  if (redirects) redirect(proxying, response)
  if (!redirects || response.contacts.length === 0) proxying.failures.push(response)
  if (response.status >= 600) cancelBranches(proxying, branch)
  goOn(proxying)
}

function redirect({ targets, redirected }: Proxying, response: SipResponse): void {
  for (const { uri } of response.contacts) {
    targets.push(uri)
    redirected.add(uri)
  }
}

/** Nobody else is to answer; no target is tried any more. */
function cancelBranches(proxying: Proxying, but: Branch | null): void {
  proxying.targets.length = 0
  for (const branch of proxying.branches) if (branch !== but) feed(branch, 'cancel')
}

function finishIfOver(proxying: Proxying): void {
  if (proxying.state === 'answered' || proxying.state === 'over' || proxying.targets.length > 0) return
  if (proxying.branches.some(({ state }) => state === 'trying' || state === 'proceeding' || state === 'cancelled')) return
  proxying.state = 'over'
  const best = bestResponse(proxying.failures)
  if (best) sendUp(proxying, best)
  else tryToSend(createResponse(proxying.transaction.request, 480), proxying.transaction)
  proxying.listener.done()
}
