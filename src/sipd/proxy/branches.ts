import type { Clock, Milliseconds } from '../../base/clock.js'
import { atStart, createRunner, type MachineState } from '../../base/machine.js'
import { newBranch } from '../../sip/ids.js'
import type { SipRequest, SipResponse } from '../../sip/message/message.js'
import { localFailure } from '../core/compose.js'
import type { Origin } from '../core/passage.js'
import { ignoreResponses } from '../core/uac/hop-failover.js'
import type { Locator } from '../core/uac/locator.js'
import { timerC } from '../core/uac/timer-c.js'
import type { ClientTransaction, ClientUser, Hop, ServerTransaction, TransactionLayer } from '../transaction/transaction-layer.js'
import { type BranchAction, type BranchInput, type BranchState, type BranchTimer, branchTable } from './branch-table.js'
import { forwardedCopy, topRoute } from './forwarding.js'
import type { ProxyOptions } from './proxy-options.js'

/** A response on a branch; `origin.flow` is null for one of the server itself. */
export interface BranchResponse {
  readonly response: SipResponse
  readonly origin: Origin
}

/** The response context that a branch belongs to (RFC 3261 §16.7). */
export interface BranchUser {
  readonly transaction: ServerTransaction
  readonly options: ProxyOptions
  forward(branch: Branch, received: BranchResponse): void
  weighFailure(branch: Branch, received: BranchResponse): void
  /** The branch was given up; its later failure does not count any more. */
  countFailure(failure: SipResponse): void
}

export interface Branch extends MachineState<BranchState> {
  readonly user: BranchUser
  client: ClientTransaction | null
}

export interface Target {
  readonly uri: string
  /** The copy gets it as its Request-URI. Otherwise it is only the next hop. */
  readonly isRequestUri: boolean
}

/** Copies of forwarded requests, each with its client transaction. */
export interface Branches {
  start(branch: Branch, target: Target): void
  cancel(branch: Branch): void
}

export interface BranchesNeeds {
  readonly layer: Pick<TransactionLayer, 'send'>
  readonly locator: Locator
  readonly clock: Clock
}

interface Start {
  readonly target: string | null
  readonly hop: Hop
}

export function newProxyBranch(user: BranchUser): Branch {
  return { user, ...atStart<BranchState>('idle'), client: null }
}

export function createBranches({ layer, locator, clock }: BranchesNeeds): Branches {
  const runner = createRunner<BranchState, BranchInput, BranchAction, BranchTimer, Branch, Start | BranchResponse>({
    table: branchTable,
    actions: {
      'send request': (branch, detail) => {
        if (detail && 'hop' in detail) send(branch, detail)
      },
      'forward response': (branch, detail) => {
        if (detail && 'response' in detail) branch.user.forward(branch, detail)
      },
      'weigh failure': (branch, detail) => {
        if (detail && 'response' in detail) branch.user.weighFailure(branch, detail)
      },
      'send cancel': ({ client, user }) => {
        if (user.transaction.request.method === 'INVITE') client?.cancel(ignoreResponses, null)
      },
      'count as 408': (branch) => branch.user.countFailure(localFailure(sentBy(branch), 408, 'Request Timeout')),
    },
    timing: {
      clock,
      rules: {
        provisional: { after: ({ user }) => limit(user.options.provisionalMs), input: 'timer provisional' },
        final: { after: ({ user }) => limit(user.options.finalMs), input: 'timer final' },
        C: { after: () => timerC, input: 'timer C' },
      },
    },
  })

  function send(branch: Branch, { target, hop }: Start): void {
    const { transaction, options } = branch.user
    const { recordRoute, fields } = options
    const copy = forwardedCopy(transaction.request, { target, recordRoute, fields, from: transaction.flow, hop })
    branch.client = layer.send(copy, hop, clientUserOf(branch))
  }

  function clientUserOf(branch: Branch): ClientUser {
    return {
      onSent: () => undefined,
      onResponse: (response, flow, size) => receive(branch, { response, origin: { protocol: flow.protocol, flow, size } }),
      onTimeout: () => failLocally(branch, 408, 'Request Timeout'),
      onTransportFailure: () => failLocally(branch, 503, 'Service Unavailable'),
    }
  }

  function failLocally(branch: Branch, status: number, reason: string): void {
    const { protocol } = branch.user.transaction.flow
    receive(branch, { response: localFailure(sentBy(branch), status, reason), origin: { protocol, flow: null, size: 0 } })
  }

  function receive(branch: Branch, received: BranchResponse): void {
    runner.feed(branch, inputOf(received.response.status), received)
  }

  function startOver(branch: Branch, { uri, isRequestUri }: Target, hop: Hop | undefined): void {
    if (!hop) failLocally(branch, 503, 'DNS Error')
    else if (branch.state !== 'idle') failLocally(branch, 487, 'Request Terminated')
    else runner.feed(branch, 'start', { target: isRequestUri ? uri : null, hop })
  }

  return {
    start(branch, target) {
      locator.locate(
        { uri: topRoute(branch.user.transaction.request) ?? target.uri, from: null },
        ([hop]) => startOver(branch, target, hop),
        (reason) => failLocally(branch, 503, reason),
      )
    },
    cancel: (branch) => runner.feed(branch, 'cancel'),
  }
}

function limit(ms: Milliseconds | null): Milliseconds {
  return ms ?? Number.POSITIVE_INFINITY
}

/** The copy that was sent; before that, one that shows a Via of ours. */
function sentBy({ client, user }: Branch): SipRequest {
  if (client) return client.request
  const copy = user.transaction.request.clone()
  copy.prepend('Via', `SIP/2.0/UDP proxy.invalid;branch=${newBranch()}`)
  return copy
}

function inputOf(status: number): BranchInput {
  if (status === 100) return '100'
  if (status < 200) return '1xx'
  return status < 300 ? '2xx' : '300-699'
}
