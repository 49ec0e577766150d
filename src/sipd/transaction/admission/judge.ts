import type { SipRequest } from '../../../sip/message/message.js'
import { type Flow, flowKey, sourceOf } from '../../transport/flow.js'
import type { IsEmergency } from './emergency.js'
import type { RequestQuotas } from './request-quotas.js'
import { isScanner } from './scanners.js'
import type { Bans } from './sources/bans.js'
import type { Challenges } from './sources/challenges.js'
import type { SourceRecords, Standing } from './sources/source-records.js'

/**
 * What becomes of a request that would open a transaction. `refuse`: 503 with Retry-After. `challenge`: 401 or 407 without a transaction.
 * `too large`: 513. `ignore`: no answer, because there are too many to answer; `drop`: none because of who sends.
 */
export type Verdict = 'admit' | 'refuse' | 'drop' | 'challenge' | 'too large' | 'ignore'

export type Judge = (request: SipRequest, flow: Flow, size: number) => Verdict

export interface JudgeNeeds {
  readonly standings: SourceRecords
  readonly bans: Bans
  readonly challenges: Challenges
  readonly rooms: RequestQuotas
  readonly isEmergency: IsEmergency
  /** The request belongs to a dialog, or cancels a call, that is there. */
  readonly continues: (request: SipRequest) => boolean
  readonly scanned: (flow: Flow) => void
  /** The table of transactions is full up to the last entry. */
  readonly isFull: () => boolean
  /** Only what is kept for urgent requests is left of it. */
  readonly isReserve: () => boolean
  readonly isOverloaded: () => boolean
  /** The largest request of a stranger. */
  readonly strangerBytes: number
}

interface Arrival {
  readonly request: SipRequest
  readonly flow: Flow
  readonly size: number
  readonly standing: Standing
  /** It brings back a nonce that was sent there. */
  readonly answers: boolean
}

/** The order of the rules is their rank: nothing stands before what goes on in a dialog, nor before an emergency call. */
export function createJudge(needs: JudgeNeeds): Judge {
  const { standings, bans, challenges, isEmergency, continues } = needs
  return (request, flow, size) => {
    const standing = standings.of(flow)
    const answers = standing === 'stranger' && challenges.cameBack(request, flow.remote.address)
    const goesOn = continues(request)
    if (answers || goesOn) standings.cameBack(flow)
    if (needs.isFull()) return 'refuse'
    const arrival: Arrival = { request, flow, size, standing, answers }
    if (goesOn) return judgeInDialog(needs, arrival)
    if (isEmergency(request)) return judgeEmergency(needs, arrival)
    if (standing === 'stranger' && bans.isBanned(flow)) return 'drop'
    // A trunk may pass on how the program of its caller is called.
    if (standing !== 'trusted' && isScanner(request)) {
      needs.scanned(flow)
      return 'drop'
    }
    return standings.isGuarded && standing === 'stranger' ? judgeStranger(needs, arrival) : judgeKnown(needs, arrival)
  }
}

/** They end what they belong to: a caller must always be able to hang up. */
const endingMethods: ReadonlySet<string> = new Set(['BYE', 'CANCEL'])

/** A dialog does not prove its caller: an emergency call is taken from everybody. What is ignored over UDP is sent again. */
function judgeInDialog({ standings, rooms, strangerBytes }: JudgeNeeds, { request, flow, size, standing }: Arrival): Verdict {
  if (!standings.isGuarded || standing !== 'stranger' || endingMethods.has(request.method)) return 'admit'
  if (!rooms.strangerDialogs.take(flowKey(flow))) return 'ignore'
  return size > strangerBytes ? 'too large' : 'admit'
}

/** Never dropped. Beyond the room for strangers a phone still gets through with its password. */
function judgeEmergency({ standings, rooms, challenges }: JudgeNeeds, { request, flow, standing }: Arrival): Verdict {
  if (!standings.isGuarded) return 'admit'
  // The address of a trunk can be forged over UDP: what is beyond all that a trunk carries is a stranger's.
  if (standing === 'trusted' && rooms.known.take(keyFor(flow, standing))) return 'admit'
  if (standing === 'proven' && rooms.knownEmergencies.take(flowKey(flow))) return 'admit'
  const answers = challenges.cameBack(request, flow.remote.address)
  const room = answers ? rooms.answeringEmergencies : rooms.emergencies
  if (room.enter(sourceOf(flow.remote.address))) return 'admit'
  return challenges.canAsk && !answers ? 'challenge' : 'refuse'
}

/** Credentials in other requests answer nothing, and a wrong one among them would never be noticed. */
const challengedMethods: ReadonlySet<string> = new Set(['INVITE', 'REGISTER'])

function judgeStranger(needs: JudgeNeeds, { request, flow, size, answers }: Arrival): Verdict {
  const { rooms, challenges } = needs
  const source = sourceOf(flow.remote.address)
  const isChallenged = challengedMethods.has(request.method)
  if (size > needs.strangerBytes) return rooms.answers.enter(source) ? 'too large' : 'ignore'
  if (answers && isChallenged) return (!isScarce(needs) || rooms.scarce.take(source)) && rooms.answering.enter(source) ? 'admit' : 'refuse'
  if (!isScarce(needs) && rooms.strangers.enter(source)) return 'admit'
  if (!rooms.answers.enter(source)) return 'ignore'
  return challenges.canAsk && isChallenged ? 'challenge' : 'refuse'
}

/**
 * A server that is not guarded gives everybody a share, and only in bad times. Over UDP a phone's flow can be forged as well: beyond its
 * share it is a stranger, and gets through by answering a challenge, which the forger cannot.
 */
function judgeKnown(needs: JudgeNeeds, arrival: Arrival): Verdict {
  const { request, flow, standing } = arrival
  const { standings, rooms, isReserve } = needs
  if (!standings.isGuarded && !isScarce(needs)) return 'admit'
  const room = standing === 'stranger' ? rooms.scarce : rooms.known
  if (!isReserve() && room.take(keyFor(flow, standing))) return 'admit'
  if (!standings.isGuarded || standing !== 'proven') return 'refuse'
  return judgeStranger(needs, { ...arrival, answers: needs.challenges.cameBack(request, flow.remote.address) })
}

function isScarce({ isOverloaded, isReserve }: JudgeNeeds): boolean {
  return isOverloaded() || isReserve()
}

/** A proven phone is counted by itself: what others send from its address uses up nothing of its own. */
function keyFor(flow: Flow, standing: Standing): string {
  return standing === 'proven' ? flowKey(flow) : sourceOf(flow.remote.address)
}
