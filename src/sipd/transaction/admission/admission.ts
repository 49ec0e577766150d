import type { Clock } from '../../../base/clock.js'
import type { Logger } from '../../../base/logger.js'
import type { SipRequest } from '../../../sip/message/message.js'
import { type Flow, flowKey, sourceOf } from '../../transport/flow.js'
import type { StatelessResponse } from '../stateless-response.js'
import { emergencyCallsTo, possibleHelp } from './emergency.js'
import { createEvidence, type Evidence } from './evidence.js'
import { createJudge, type Judge } from './judge.js'
import { createOverloadWatch } from './overload.js'
import { createRequestQuotas, type RequestQuotaLimits, requestQuotaLimits } from './request-quotas.js'
import { type BanLimits, createBans } from './sources/bans.js'
import { createByteCredit } from './sources/byte-credit.js'
import { createChallenges } from './sources/challenges.js'
import type { KnownSources } from './sources/known-sources.js'
import { createSourceRecords } from './sources/source-records.js'

export type { Verdict } from './judge.js'

type Place = Pick<Flow, 'protocol' | 'remote'>

/**
 * Decides whose requests are taken. Three rules hold always: a source is banned only after proof that it is real; responses to our own
 * requests, requests in dialogs and emergency calls are not banned; and what a forger sends uses up nothing that belongs to the
 * source it names.
 */
export interface Admission extends Evidence {
  /** Bytes came in, sense or not. */
  arrived(flow: Flow, bytes: number): void
  readonly judge: Judge
  /** It has a place when the tables are full: an emergency call, or what goes on or ends in a dialog. */
  isUrgent(request: SipRequest): boolean
  /** An emergency call. */
  callsForHelp(request: SipRequest): boolean
  /** A call to a number that brings help here or at another site, or one with digits for an outside line before it. */
  mayCallForHelp(request: SipRequest): boolean
  /** The answer for the verdict `challenge`. */
  challengeFor(request: SipRequest, flow: Flow): StatelessResponse
  /** Something came back that only they were sent. */
  cameBack(flow: Flow): void
  /** Its connection is gone. */
  forget(flow: Flow): void
  /** UDP from a source that has not proved to be real: it gets few bytes, and nothing twice. */
  isFrugal(flow: Flow): boolean
  /** Takes the bytes off the credit of a frugal flow; false if that would not leave `kept`. */
  affords(flow: Flow, bytes: number, kept?: number): boolean
  isStranger(flow: Flow): boolean
  /** Its peer is known: the connection is not closed for its silence. */
  isKept(flow: Flow): boolean
  /** `located`: where the URIs lead. */
  setKnownSources(sources: KnownSources, located: readonly Place[]): void
  readonly bans: number
  /** Entries in all tables. */
  readonly remembered: number
  readonly isOverloaded: boolean
  close(): void
}

export interface AdmissionLimits {
  /** Server transactions at the same time, including those that only wait for copies. A tenth is kept for urgent requests. */
  readonly transactions: number
  /** Requests without any answer at the same time, above which the node counts as overloaded. */
  readonly unanswered: number
  readonly bans: BanLimits
  readonly rooms: RequestQuotaLimits
  /** The largest request that a stranger may send, in bytes, other than an emergency call and BYE. */
  readonly strangerBytes: number
  /** Sources that are remembered, in each table. */
  readonly sources: number
  /** Numbers that are always let in. */
  readonly emergency: readonly string[]
}

export const admissionLimits: AdmissionLimits = {
  transactions: 400_000,
  unanswered: 5_000,
  bans: { banMs: 10 * 60_000, failures: 30, failureMs: 60_000, graceMs: 5_000 },
  rooms: requestQuotaLimits,
  strangerBytes: 16 * 1024,
  sources: 50_000,
  emergency: ['112', '911'],
}

export interface AdmissionNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly limits: AdmissionLimits
  /** How full the table of transactions is. */
  readonly occupied: () => number
  readonly unanswered: () => number
  /** The request belongs to a dialog, or cancels a call, that is there. */
  readonly continues: (request: SipRequest) => boolean
  /** The source of the flow was banned. */
  readonly onBanned: (flow: Flow) => void
}

const reservedShare = 0.1

export function createAdmission({ clock, log, limits, occupied, unanswered, continues, onBanned }: AdmissionNeeds): Admission {
  const standings = createSourceRecords(clock, limits.sources)
  const bans = createBans(clock, limits.bans, limits.sources)
  const challenges = createChallenges(clock, limits.sources)
  const credit = createByteCredit(limits.sources)
  const rooms = createRequestQuotas(clock, limits.rooms, limits.sources)
  const overload = createOverloadWatch({ clock, unanswered, limit: limits.unanswered })
  const isEmergency = emergencyCallsTo(limits.emergency)
  let mayBeHelp = possibleHelp([])
  const evidence = createEvidence({ standings, bans, challenges, isEmergency, mayBeHelp: (request) => mayBeHelp(request), log, onBanned })
  const ordinary = Math.ceil(limits.transactions * (1 - reservedShare))
  const tables = [challenges, credit, ...Object.values(rooms)]

  function isFrugal(flow: Flow): boolean {
    return standings.isGuarded && flow.protocol === 'udp' && standings.of(flow) === 'stranger' && !standings.isReal(flow)
  }

  return {
    ...evidence,
    judge: createJudge({
      standings,
      bans,
      challenges,
      rooms,
      isEmergency,
      continues,
      scanned: evidence.scanned,
      isFull: () => occupied() >= limits.transactions,
      isReserve: () => occupied() >= ordinary,
      isOverloaded: () => overload.isOverloaded,
      strangerBytes: limits.strangerBytes,
    }),
    arrived(flow, bytes) {
      if (isFrugal(flow)) credit.received(sourceOf(flow.remote.address), bytes)
    },
    isUrgent: (request) => request.to.tag !== '' || request.method === 'CANCEL' || isEmergency(request),
    callsForHelp: isEmergency,
    mayCallForHelp: (request) => isEmergency(request) || mayBeHelp(request),
    challengeFor: (request, flow) => challenges.ask(request, flow.remote.address, isEmergency(request) ? 'gently' : 'fully'),
    cameBack: (flow) => standings.cameBack(flow),
    forget: (flow) => standings.forget(flow),
    isFrugal,
    affords: (flow, bytes, kept) => !isFrugal(flow) || credit.spend(sourceOf(flow.remote.address), bytes, kept),
    isKept: (flow) => standings.of(flow) !== 'stranger',
    isStranger: (flow) => standings.isGuarded && standings.of(flow) === 'stranger',
    setKnownSources({ addresses, flows, challenge, emergencies = [] }, located) {
      mayBeHelp = possibleHelp(emergencies)
      challenges.use(challenge)
      standings.know([...addresses, ...located.map(({ remote }) => remote.address)], [...flows, ...located.map(flowKey)])
    },
    get bans() {
      return bans.bans
    },
    get remembered() {
      return bans.bans + bans.failing + standings.proven + standings.real + tables.reduce((sum, { size }) => sum + size, 0)
    },
    get isOverloaded() {
      return overload.isOverloaded
    },
    close: () => overload.close(),
  }
}
