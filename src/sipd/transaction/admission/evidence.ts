import { isLoopback } from '../../../base/ip-address.js'
import type { Logger } from '../../../base/logger.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Flow } from '../../transport/flow.js'
import type { IsEmergency } from './emergency.js'
import type { BanScope, Bans } from './sources/bans.js'
import type { Challenges } from './sources/challenges.js'
import type { SourceRecords } from './sources/source-records.js'

/** Evidence for and against a source, from its requests and their responses. Whatever can be forged is no evidence. */
export interface Evidence {
  /** A final response is sent to a request of the source. */
  responded(request: SipRequest, flow: Flow, response: SipResponse): void
  /** The source has sent a 2xx to a request of ours. */
  accepted(flow: Flow): void
  /** A message of the source is malformed. */
  malformed(flow: Flow): void
  /** A request of the source has the User-Agent of a scanner. */
  scanned(flow: Flow): void
}

export interface EvidenceNeeds {
  readonly sources: SourceRecords
  readonly bans: Bans
  readonly challenges: Challenges
  readonly isEmergency: IsEmergency
  /** Whether the call may be accepted without authentication, because its number is an emergency number somewhere. */
  readonly mayBeEmergency: (request: SipRequest) => boolean
  readonly log: Logger
  readonly onBanned: (flow: Flow) => void
}

export function createEvidence({ sources, bans, challenges, isEmergency, mayBeEmergency, log, onBanned }: EvidenceNeeds): Evidence {
  function responded(request: SipRequest, flow: Flow, response: SipResponse): void {
    if (isChallenge(response)) challenges.noteSent(response, flow.remote.address)
    if (!hasCredentials(request)) {
      respondedWithoutCredentials(request, flow, response)
      return
    }
    // Without a nonce that was sent to this source, the address of the request may be forged.
    if (!challenges.isAnsweredBy(request, flow.remote.address)) return
    sources.validate(flow)
    if (response.status < 300) {
      if (provesPassword(request)) sources.prove(flow)
    } else if (isWrongPassword(response)) fail(flow, 'passwords')
  }

  /** The application accepts a call without credentials: it knows the caller by other means, such as the signature of a node. */
  function respondedWithoutCredentials(request: SipRequest, flow: Flow, { status }: SipResponse): void {
    const isAccepted = status < 300 && beginsCall(request)
    if (sources.hasKnownSources && isAccepted && sources.isValidated(flow)) sources.prove(flow)
  }

  /** Other methods, and emergency calls, are accepted without valid credentials. */
  function provesPassword(request: SipRequest): boolean {
    return request.method === 'REGISTER' || beginsCall(request)
  }

  /** A re-INVITE is accepted without authentication, because it may belong to an emergency call. */
  function beginsCall(request: SipRequest): boolean {
    return request.method === 'INVITE' && request.to.tag === '' && !isEmergency(request) && !mayBeEmergency(request)
  }

  function isBannable(flow: Flow): boolean {
    return sources.of(flow) === 'unknown' && sources.isValidated(flow)
  }

  function scopeOf(flow: Flow): BanScope {
    return sources.hasProvenNeighbour(flow) ? 'flow' : 'address'
  }

  function fail(flow: Flow, reason: string): void {
    const reach = scopeOf(flow)
    if (isBannable(flow) && bans.fail(flow, reach)) reportBan(flow, reach, reason)
  }

  function reportBan(flow: Flow, reach: BanScope, reason: string): void {
    const { address, port } = flow.remote
    const source = reach === 'flow' ? { address, port } : { address }
    const who = reach === 'flow' ? `port ${port} of ${address}` : address
    log.warn({ event: 'sip.dropped', ...source, reason }, `requests from ${who} are dropped for ten minutes: ${reason}`)
    onBanned(flow)
  }

  return {
    responded,
    accepted: (flow) => (sources.hasKnownSources ? sources.validate(flow) : sources.prove(flow)),
    malformed(flow) {
      // Programs on this machine may be under test.
      if (!isLoopback(flow.remote.address)) fail(flow, 'malformed messages')
    },
    scanned(flow) {
      if (!isBannable(flow)) return
      const reach = scopeOf(flow)
      bans.ban(flow, reach)
      reportBan(flow, reach, 'scanner')
    },
  }
}

function hasCredentials(request: SipRequest): boolean {
  return request.has('Authorization') || request.has('Proxy-Authorization')
}

function isChallenge({ status }: SipResponse): boolean {
  return status === 401 || status === 407
}

/** A challenge for a stale nonce does not concern the password (RFC 7616 §3.3). */
function isWrongPassword(response: SipResponse): boolean {
  if (response.status === 403) return true
  if (!isChallenge(response)) return false
  return ![...response.all('WWW-Authenticate'), ...response.all('Proxy-Authenticate')].some((challenge) => /stale="?true/i.test(challenge))
}
