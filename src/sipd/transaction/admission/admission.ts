import type { Clock } from '../../../base/clock.js'
import type { Logger } from '../../../base/logger.js'
import { dialled, isEmergencyService } from '../../../sip/dialled.js'
import type { SipRequest, SipResponse } from '../../../sip/message.js'
import { isLoopback } from '../../transport/local-address.js'
import { createOverloadWatch } from './overload.js'
import { isScanner } from './scanners.js'
import { createSources, defaultSourceLimits, type SourceLimits } from './sources.js'

export type Verdict = 'admit' | 'refuse' | 'drop'

/** Who may have a transaction: strangers who do harm are not heard, and in bad times each source has its share. */
export interface Admission {
  /** Before a message is read. False: it is not read. */
  hears(address: string): boolean
  /** Before a request becomes a transaction. `refuse`: 503 with Retry-After. */
  judge(request: SipRequest, address: string): Verdict
  /** It has a place where others find none any more. */
  isUrgent(request: SipRequest): boolean
  /** A request of theirs got a final response. */
  answered(request: SipRequest, address: string, response: SipResponse): void
  /** They answered a request of ours with 2xx. */
  trust(address: string): void
  /** A message of theirs made no sense. */
  baffled(address: string): void
  readonly bans: number
  readonly isOverloaded: boolean
  close(): void
}

export interface AdmissionLimits {
  /** Server transactions at the same time, those included that only wait for copies. A tenth is kept for what comes first. */
  readonly transactions: number
  /** Requests without any answer at the same time, above which the node counts as overloaded. */
  readonly unanswered: number
  readonly sources: SourceLimits
  /** Numbers that are always let in. */
  readonly emergency: readonly string[]
}

export const defaultAdmissionLimits: AdmissionLimits = {
  transactions: 400_000,
  unanswered: 5_000,
  sources: defaultSourceLimits,
  emergency: ['112', '911'],
}

export interface AdmissionNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly limits: AdmissionLimits
  /** How full the table of transactions is. */
  readonly occupied: () => number
  readonly unanswered: () => number
}

const reservedShare = 0.1

export function createAdmission({ clock, log, limits, occupied, unanswered }: AdmissionNeeds): Admission {
  const sources = createSources({ clock, limits: limits.sources })
  const overload = createOverloadWatch({ clock, unanswered, limit: limits.unanswered })
  const ordinary = Math.ceil(limits.transactions * (1 - reservedShare))
  const emergency = new Set(limits.emergency)

  function judge(request: SipRequest, address: string): Verdict {
    if (isScanner(request)) {
      if (sources.ban(address)) tellBan(address, 'scanner')
      return 'drop'
    }
    const used = occupied()
    if (used >= limits.transactions) return 'refuse'
    if (used < ordinary && !overload.isOverloaded) return 'admit'
    if (isUrgent(request)) return 'admit'
    return used < ordinary && sources.spend(address) ? 'admit' : 'refuse'
  }

  /** What goes on in a dialog ends calls and so relieves; an emergency call comes before everything. */
  function isUrgent({ method, uri, to }: SipRequest): boolean {
    if (to.tag !== '' || method === 'CANCEL') return true
    return method === 'INVITE' && (emergency.has(dialled(uri).replace(/#$/, '')) || isEmergencyService(uri))
  }

  function answered(request: SipRequest, address: string, response: SipResponse): void {
    if (!request.has('Authorization') && !request.has('Proxy-Authorization')) return
    if (response.status < 300) sources.prove(address)
    else if (isWrongPassword(response) && sources.fail(address)) tellBan(address, 'passwords')
  }

  function tellBan(address: string, reason: string): void {
    log.warn({ event: 'sip.dropped', address, reason }, `${address} is not heard for a while: ${reason}`)
  }

  return {
    hears: (address) => !sources.isBanned(address),
    judge,
    isUrgent,
    answered,
    trust: (address) => sources.prove(address),
    baffled(address) {
      // What runs on this machine is ours, and may be under test.
      if (!isLoopback(address) && sources.fail(address)) tellBan(address, 'malformed messages')
    },
    get bans() {
      return sources.bans
    },
    get isOverloaded() {
      return overload.isOverloaded
    },
    close: () => overload.close(),
  }
}

/** A challenge because the nonce is old says nothing about the password (RFC 7616 §3.3). */
function isWrongPassword(response: SipResponse): boolean {
  if (response.status === 403) return true
  if (response.status !== 401 && response.status !== 407) return false
  return ![...response.all('WWW-Authenticate'), ...response.all('Proxy-Authenticate')].some((challenge) => /stale="?true/i.test(challenge))
}
