import type { SipRequest } from '../../../sip/message/message.js'
import { type Flow, flowKey, sourceOf } from '../../transport/flow.js'
import type { IsEmergency } from './emergency.js'
import type { RequestQuotas } from './request-quotas.js'
import { isScanner } from './scanners.js'
import type { Bans } from './sources/bans.js'
import type { Challenges } from './sources/challenges.js'
import type { SourceKind, SourceRecords } from './sources/source-records.js'

/**
 * Decision on a request that would open a transaction. `refuse`: 503 with Retry-After. `challenge`: 401 or 407 without a transaction.
 * `too large`: 513. `ignore`: no response, because there are too many requests. `drop`: no response, because of the source.
 */
export type Verdict = 'admit' | 'refuse' | 'drop' | 'challenge' | 'too large' | 'ignore'

export type Judge = (request: SipRequest, flow: Flow, size: number) => Verdict

export interface JudgeNeeds {
  readonly sources: SourceRecords
  readonly bans: Bans
  readonly challenges: Challenges
  readonly quotas: RequestQuotas
  readonly isEmergency: IsEmergency
  /** Whether the request belongs to an existing dialog, or cancels an existing call. */
  readonly continues: (request: SipRequest) => boolean
  readonly scanned: (flow: Flow) => void
  /** The table of transactions is full. */
  readonly isFull: () => boolean
  /** Only the entries reserved for urgent requests are left in the table. */
  readonly isReserve: () => boolean
  readonly isOverloaded: () => boolean
  /** The largest request of an unknown source. */
  readonly unknownSourceBytes: number
}

interface Arrival {
  readonly request: SipRequest
  readonly flow: Flow
  readonly size: number
  readonly kind: SourceKind
  /** The request contains a nonce that was sent to this source. */
  readonly answersChallenge: boolean
}

/** The order of the rules is their rank: requests in dialogs and emergency calls come first. */
export function createJudge(needs: JudgeNeeds): Judge {
  const { sources, bans, challenges, isEmergency, continues } = needs
  return (request, flow, size) => {
    const kind = sources.of(flow)
    const answersChallenge = kind === 'unknown' && challenges.isAnsweredBy(request, flow.remote.address)
    const isInDialog = continues(request)
    if (answersChallenge || isInDialog) sources.validate(flow)
    if (needs.isFull()) return 'refuse'
    const arrival: Arrival = { request, flow, size, kind, answersChallenge }
    if (isInDialog) return judgeInDialog(needs, arrival)
    if (isEmergency(request)) return judgeEmergency(needs, arrival)
    if (kind === 'unknown' && bans.isBanned(flow)) return 'drop'
    // A trunk may forward the User-Agent of its caller.
    if (kind !== 'trusted' && isScanner(request)) {
      needs.scanned(flow)
      return 'drop'
    }
    return sources.hasKnownSources && kind === 'unknown' ? judgeUnknown(needs, arrival) : judgeKnown(needs, arrival)
  }
}

/** A caller must always be able to hang up. */
const endingMethods: ReadonlySet<string> = new Set(['BYE', 'CANCEL'])

/** A dialog does not prove its caller, because emergency calls are admitted from everybody. An ignored request is retransmitted over UDP. */
function judgeInDialog({ sources, quotas, unknownSourceBytes }: JudgeNeeds, { request, flow, size, kind }: Arrival): Verdict {
  if (!sources.hasKnownSources || kind !== 'unknown' || endingMethods.has(request.method)) return 'admit'
  if (!quotas.unknownDialogs.take(flowKey(flow))) return 'ignore'
  return size > unknownSourceBytes ? 'too large' : 'admit'
}

/** Never dropped. Above the limit for unknown sources, a phone still gets through with its password. */
function judgeEmergency({ sources, quotas, challenges }: JudgeNeeds, { request, flow, kind }: Arrival): Verdict {
  if (!sources.hasKnownSources) return 'admit'
  // The address of a trunk can be forged over UDP. Calls above the trunk's limit count as those of an unknown source.
  if (kind === 'trusted' && quotas.known.take(keyFor(flow, kind))) return 'admit'
  if (kind === 'proven' && quotas.knownEmergencies.take(flowKey(flow))) return 'admit'
  const answersChallenge = challenges.isAnsweredBy(request, flow.remote.address)
  const quota = answersChallenge ? quotas.authenticatingEmergencies : quotas.emergencies
  if (quota.enter(sourceOf(flow.remote.address))) return 'admit'
  return challenges.canChallenge && !answersChallenge ? 'challenge' : 'refuse'
}

/** Other requests are not authenticated, so wrong credentials in them would not be noticed. */
const challengedMethods: ReadonlySet<string> = new Set(['INVITE', 'REGISTER'])

function judgeUnknown(needs: JudgeNeeds, { request, flow, size, answersChallenge }: Arrival): Verdict {
  const { quotas, challenges } = needs
  const source = sourceOf(flow.remote.address)
  const isChallenged = challengedMethods.has(request.method)
  if (size > needs.unknownSourceBytes) return quotas.refusals.enter(source) ? 'too large' : 'ignore'
  if (answersChallenge && isChallenged)
    return (!isScarce(needs) || quotas.overloaded.take(source)) && quotas.authenticating.enter(source) ? 'admit' : 'refuse'
  if (!isScarce(needs) && quotas.unknown.enter(source)) return 'admit'
  if (!quotas.refusals.enter(source)) return 'ignore'
  return challenges.canChallenge && isChallenged ? 'challenge' : 'refuse'
}

/**
 * Without known sources, the server limits each source alike, and only when it is overloaded. Over UDP the flow of a phone can be forged as
 * well. Above its limit it counts as unknown, and gets through by answering a challenge, which a forger cannot do.
 */
function judgeKnown(needs: JudgeNeeds, arrival: Arrival): Verdict {
  const { request, flow, kind } = arrival
  const { sources, quotas, isReserve } = needs
  if (!sources.hasKnownSources && !isScarce(needs)) return 'admit'
  const quota = kind === 'unknown' ? quotas.overloaded : quotas.known
  if (!isReserve() && quota.take(keyFor(flow, kind))) return 'admit'
  if (!sources.hasKnownSources || kind !== 'proven') return 'refuse'
  return judgeUnknown(needs, { ...arrival, answersChallenge: needs.challenges.isAnsweredBy(request, flow.remote.address) })
}

function isScarce({ isOverloaded, isReserve }: JudgeNeeds): boolean {
  return isOverloaded() || isReserve()
}

/** A proven phone has its own limit, so that others behind its address do not use it up. */
function keyFor(flow: Flow, kind: SourceKind): string {
  return kind === 'proven' ? flowKey(flow) : sourceOf(flow.remote.address)
}
