import { createResponse } from '../../sip/message/builder.js'
import type { SipResponse } from '../../sip/message/message.js'
import type { Origin } from '../core/passage.js'
import { tryToSend } from '../core/uas/server-response.js'
import type { ServerTransaction } from '../transaction/transaction-layer.js'
import { bestResponse } from './best-response.js'
import { type Branch, type Branches, type BranchResponse, newProxyBranch } from './branches.js'
import type { ProxyOptions } from './proxy-options.js'

/** Hears how forwarding ends. */
export interface ProxyListener {
  /** The final response of one branch. */
  attempted(response: SipResponse, origin: Origin): void
  done(): void
}

/** A forwarded request and its branches (RFC 3261 §16.7). */
export interface ResponseContext {
  /** The caller's CANCEL (RFC 3261 §16.10). */
  cancel(cancel: ServerTransaction): void
}

export interface ResponseContextNeeds {
  readonly branches: Branches
  readonly transaction: ServerTransaction
  readonly options: ProxyOptions
  readonly listener: ProxyListener
  /** The targets replace the Request-URI, as it names this server. */
  readonly isForUs: boolean
}

/** Forwards a request to its targets (RFC 3261 §16.6). */
export function startResponseContext(needs: ResponseContextNeeds, firstTargets: readonly string[]): ResponseContext {
  const { branches, transaction, options, listener, isForUs } = needs
  const user = { transaction, options, forward, weighFailure, countFailure }
  /** Not tried yet. */
  const targets = [...firstTargets]
  const tried = new Set<string>()
  /** Targets that a redirection named: each is a new Request-URI (RFC 3261 §16.5). */
  const redirected = new Set<string>()
  const started: Branch[] = []
  const failures: SipResponse[] = []
  let state: 'proceeding' | 'cancelled' | 'accepted' | 'terminated' = 'proceeding'

  function tryTargets(): void {
    let limit = options.forking === 'serial' ? 1 : Number.POSITIVE_INFINITY
    while (limit > 0 && targets.length > 0) {
      const [uri = ''] = targets.splice(0, 1)
      if (tried.has(uri)) continue
      limit -= 1
      startBranch(uri)
    }
    finishIfOver()
  }

  function startBranch(uri: string): void {
    tried.add(uri)
    const branch = newProxyBranch(user)
    started.push(branch)
    branches.start(branch, { uri, isRequestUri: isForUs || redirected.has(uri) })
  }

  /** RFC 3261 §16.7 steps 3, 5 and 9. */
  function forward(branch: Branch, { response, origin }: BranchResponse): void {
    const isSuccess = response.status >= 200
    if (!isSuccess && state === 'accepted') return
    const isFirst = isSuccess && state !== 'accepted' && state !== 'terminated'
    if (isFirst) {
      state = 'accepted'
      listener.attempted(response, origin)
      cancelBranches(branch)
    }
    sendUpstream(response)
    if (isFirst) listener.done()
  }

  /** RFC 3261 §16.7 steps 4 to 6: a failure is kept until no branch can bring a better response. */
  function weighFailure(branch: Branch, { response, origin }: BranchResponse): void {
    if (state === 'accepted' || state === 'terminated') return
    listener.attempted(response, origin)
    const redirects = response.status < 400 && options.redirects === 'follow' && state === 'proceeding'
    if (redirects) redirect(response)
    if (!redirects || response.contacts.length === 0) failures.push(response)
    if (response.status >= 600) cancelBranches(branch)
    tryTargets()
  }

  function countFailure(failure: SipResponse): void {
    failures.push(failure)
    tryTargets()
  }

  function redirect({ contacts }: SipResponse): void {
    for (const { uri } of contacts) {
      targets.push(uri)
      redirected.add(uri)
    }
  }

  /** No other branch is to accept the request; no target is tried any more. */
  function cancelBranches(chosen: Branch | null): void {
    targets.length = 0
    for (const branch of started) if (branch !== chosen) branches.cancel(branch)
  }

  function sendUpstream(response: SipResponse): void {
    const copy = response.clone()
    copy.removeFirst('Via')
    tryToSend(copy, transaction)
  }

  function finishIfOver(): void {
    if (state === 'accepted' || state === 'terminated' || targets.length > 0 || started.some(isWaiting)) return
    state = 'terminated'
    const best = bestResponse(failures)
    if (best) sendUpstream(best)
    else tryToSend(createResponse(transaction.request, 480), transaction)
    listener.done()
  }

  tryTargets()
  return {
    cancel(cancel) {
      tryToSend(createResponse(cancel.request, 200), cancel)
      if (state !== 'proceeding') return
      state = 'cancelled'
      cancelBranches(null)
      finishIfOver()
    },
  }
}

/** The branch may still get a final response that counts. */
function isWaiting({ state }: Branch): boolean {
  return state === 'idle' || state === 'trying' || state === 'proceeding' || state === 'cancelled'
}
