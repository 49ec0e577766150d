import { isLoopback } from '../../../base/ip-address.js'
import type { Logger } from '../../../base/logger.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Flow } from '../../transport/flow.js'
import type { IsEmergency } from './emergency.js'
import type { Bans, Reach } from './sources/bans.js'
import type { Challenges } from './sources/challenges.js'
import type { SourceRecords } from './sources/source-records.js'

/** What requests and their responses show of a source, good and bad. What anybody can forge shows nothing. */
export interface Evidence {
  /** A final response goes to a request of theirs. */
  answered(request: SipRequest, flow: Flow, response: SipResponse): void
  /** They answered a request of ours with 2xx. */
  confirmed(flow: Flow): void
  /** A message of theirs made no sense. */
  baffled(flow: Flow): void
  /** A request of theirs is that of a scanner. */
  scanned(flow: Flow): void
}

export interface EvidenceNeeds {
  readonly standings: SourceRecords
  readonly bans: Bans
  readonly challenges: Challenges
  readonly isEmergency: IsEmergency
  /** A call that may be carried without proof of its caller, because it brings help somewhere. */
  readonly mayBeHelp: (request: SipRequest) => boolean
  readonly log: Logger
  readonly onBanned: (flow: Flow) => void
}

export function createEvidence({ standings, bans, challenges, isEmergency, mayBeHelp, log, onBanned }: EvidenceNeeds): Evidence {
  function answered(request: SipRequest, flow: Flow, response: SipResponse): void {
    if (isChallenge(response)) challenges.sent(response, flow.remote.address)
    if (!hasCredentials(request)) {
      answeredWithout(request, flow, response)
      return
    }
    // Credentials without a nonce that was sent there may come from anywhere.
    if (!challenges.cameBack(request, flow.remote.address)) return
    standings.cameBack(flow)
    if (response.status < 300) {
      if (provesPassword(request)) standings.prove(flow)
    } else if (isWrongPassword(response)) fail(flow, 'passwords')
  }

  /** The application takes a call without credentials: it knows the caller by other means, such as the signature of a node. */
  function answeredWithout(request: SipRequest, flow: Flow, { status }: SipResponse): void {
    const isTaken = status < 300 && beginsCall(request)
    if (standings.isGuarded && isTaken && standings.isReal(flow)) standings.prove(flow)
  }

  /** Other methods, and emergency calls, are answered whatever the credentials are worth. */
  function provesPassword(request: SipRequest): boolean {
    return request.method === 'REGISTER' || beginsCall(request)
  }

  /** A re-INVITE is answered without proof of its sender: it may belong to an emergency call. */
  function beginsCall(request: SipRequest): boolean {
    return request.method === 'INVITE' && request.to.tag === '' && !isEmergency(request) && !mayBeHelp(request)
  }

  function isPunishable(flow: Flow): boolean {
    return standings.of(flow) === 'stranger' && standings.isReal(flow)
  }

  function reachOn(flow: Flow): Reach {
    return standings.sharesAddress(flow) ? 'flow' : 'address'
  }

  function fail(flow: Flow, reason: string): void {
    const reach = reachOn(flow)
    if (isPunishable(flow) && bans.fail(flow, reach)) tellBan(flow, reach, reason)
  }

  function tellBan(flow: Flow, reach: Reach, reason: string): void {
    const { address, port } = flow.remote
    const source = reach === 'flow' ? { address, port } : { address }
    const who = reach === 'flow' ? `port ${port} of ${address}` : address
    log.warn({ event: 'sip.dropped', ...source, reason }, `requests from ${who} are dropped for ten minutes: ${reason}`)
    onBanned(flow)
  }

  return {
    answered,
    confirmed: (flow) => (standings.isGuarded ? standings.cameBack(flow) : standings.prove(flow)),
    baffled(flow) {
      // Programs on this machine may be under test.
      if (!isLoopback(flow.remote.address)) fail(flow, 'malformed messages')
    },
    scanned(flow) {
      if (!isPunishable(flow)) return
      const reach = reachOn(flow)
      bans.ban(flow, reach)
      tellBan(flow, reach, 'scanner')
    },
  }
}

function hasCredentials(request: SipRequest): boolean {
  return request.has('Authorization') || request.has('Proxy-Authorization')
}

function isChallenge({ status }: SipResponse): boolean {
  return status === 401 || status === 407
}

/** A challenge because the nonce is old says nothing about the password (RFC 7616 §3.3). */
function isWrongPassword(response: SipResponse): boolean {
  if (response.status === 403) return true
  if (!isChallenge(response)) return false
  return ![...response.all('WWW-Authenticate'), ...response.all('Proxy-Authenticate')].some((challenge) => /stale="?true/i.test(challenge))
}
