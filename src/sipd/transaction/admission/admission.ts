import type { Clock } from '../../../base/clock.js'
import type { Logger } from '../../../base/logger.js'
import type { SipRequest } from '../../../sip/message/message.js'
import { globalEmergencyNumbers } from '../../../sip/uri/dialled.js'
import { type Flow, flowKey, sourceOf } from '../../transport/flow.js'
import type { StatelessResponse } from '../stateless-response.js'
import { emergencyCallsTo, type IsEmergency, possibleEmergencyCallsTo } from './emergency.js'
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
 * Decides which requests are admitted. Three rules always hold: a source is banned only after proof that its address is not forged; responses to
 * our requests, requests in dialogs and emergency calls are never banned; and requests with a forged source do not use up the limits of that
 * source.
 */
export interface Admission extends Evidence {
  /** Bytes have arrived, valid or not. */
  receivedBytes(flow: Flow, bytes: number): void
  readonly judge: Judge
  /** Whether the request may use the reserved entries of full tables: an emergency call, CANCEL, or a request in a dialog. */
  isUrgent(request: SipRequest): boolean
  isEmergency(request: SipRequest): boolean
  /** Also true for emergency numbers of other sites, and behind digits for an outside line. */
  mayBeEmergency(request: SipRequest): boolean
  /** The response for the verdict `challenge`. */
  challengeFor(request: SipRequest, flow: Flow): StatelessResponse
  /** The source has returned something that only it was sent, so its address is not forged. */
  validateAddress(flow: Flow): void
  /** The connection of the flow is closed. */
  forget(flow: Flow): void
  /** UDP from a source whose address may be forged. It gets few bytes and no retransmissions. */
  isUnvalidated(flow: Flow): boolean
  /** Takes the bytes from the credit of an unvalidated flow; false if less than `reserved` would be left. */
  maySend(flow: Flow, bytes: number, reserved?: number): boolean
  isUnknown(flow: Flow): boolean
  /** Whether an idle connection stays open, because its peer is known. */
  mayIdle(flow: Flow): boolean
  /** `located`: the addresses of the URIs. */
  setKnownSources(sources: KnownSources, located: readonly Place[]): void
  readonly bans: number
  /** Entries in all tables. */
  readonly remembered: number
  readonly isOverloaded: boolean
  close(): void
}

export interface AdmissionLimits {
  /** Server transactions at the same time, including those that only absorb retransmissions. A tenth is reserved for urgent requests. */
  readonly transactions: number
  /** Requests without a response at the same time. Above this number the node counts as overloaded. */
  readonly unanswered: number
  readonly bans: BanLimits
  readonly quotas: RequestQuotaLimits
  /** The largest request of an unknown source in bytes, other than an emergency call and BYE. */
  readonly unknownSourceBytes: number
  /** Sources in each table. */
  readonly sources: number
  /** Numbers that are always admitted. */
  readonly emergency: readonly string[]
}

export const admissionLimits: AdmissionLimits = {
  transactions: 400_000,
  unanswered: 5_000,
  bans: { banMs: 10 * 60_000, failures: 30, failureMs: 60_000, graceMs: 5_000 },
  quotas: requestQuotaLimits,
  unknownSourceBytes: 16 * 1024,
  sources: 50_000,
  emergency: globalEmergencyNumbers,
}

export interface AdmissionNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly limits: AdmissionLimits
  /** Number of server transactions. */
  readonly occupied: () => number
  readonly unanswered: () => number
  /** Whether the request belongs to an existing dialog, or cancels an existing call. */
  readonly continues: (request: SipRequest) => boolean
  /** The source of the flow was banned. */
  readonly onBanned: (flow: Flow) => void
}

const reservedShare = 0.1

export function createAdmission({ clock, log, limits, occupied, unanswered, continues, onBanned }: AdmissionNeeds): Admission {
  const sources = createSourceRecords(clock, limits.sources)
  const bans = createBans(clock, limits.bans, limits.sources)
  const challenges = createChallenges(clock, limits.sources)
  const credit = createByteCredit(limits.sources)
  const quotas = createRequestQuotas(clock, limits.quotas, limits.sources)
  const overload = createOverloadWatch({ clock, unanswered, limit: limits.unanswered })
  let emergencyCall = emergencyCallsTo(limits.emergency)
  const isEmergency: IsEmergency = (request) => emergencyCall(request)
  let mayBeEmergency = possibleEmergencyCallsTo([])
  const evidence = createEvidence({
    sources,
    bans,
    challenges,
    isEmergency,
    mayBeEmergency: (request) => mayBeEmergency(request),
    log,
    onBanned,
  })
  const ordinary = Math.ceil(limits.transactions * (1 - reservedShare))
  const tables = [challenges, credit, ...Object.values(quotas)]

  function isUnvalidated(flow: Flow): boolean {
    return sources.hasKnownSources && flow.protocol === 'udp' && sources.of(flow) === 'unknown' && !sources.isValidated(flow)
  }

  return {
    ...evidence,
    judge: createJudge({
      sources,
      bans,
      challenges,
      quotas,
      isEmergency,
      continues,
      scanned: evidence.scanned,
      isFull: () => occupied() >= limits.transactions,
      isReserve: () => occupied() >= ordinary,
      isOverloaded: () => overload.isOverloaded,
      unknownSourceBytes: limits.unknownSourceBytes,
    }),
    receivedBytes(flow, bytes) {
      if (isUnvalidated(flow)) credit.received(sourceOf(flow.remote.address), bytes)
    },
    isUrgent: (request) => request.to.tag !== '' || request.method === 'CANCEL' || isEmergency(request),
    isEmergency,
    mayBeEmergency: (request) => isEmergency(request) || mayBeEmergency(request),
    challengeFor: (request, flow) => challenges.challenge(request, flow.remote.address, isEmergency(request) ? 'compatible' : 'all'),
    validateAddress: (flow) => sources.validate(flow),
    forget: (flow) => sources.forget(flow),
    isUnvalidated,
    maySend: (flow, bytes, reserved) => !isUnvalidated(flow) || credit.spend(sourceOf(flow.remote.address), bytes, reserved),
    mayIdle: (flow) => sources.of(flow) !== 'unknown',
    isUnknown: (flow) => sources.hasKnownSources && sources.of(flow) === 'unknown',
    setKnownSources({ addresses, flows, challenge, emergencies = [], ownEmergencies }, located) {
      if (ownEmergencies) emergencyCall = emergencyCallsTo(ownEmergencies)
      mayBeEmergency = possibleEmergencyCallsTo(emergencies)
      challenges.setTerms(challenge)
      sources.setKnown([...addresses, ...located.map(({ remote }) => remote.address)], [...flows, ...located.map(flowKey)])
    },
    get bans() {
      return bans.bans
    },
    get remembered() {
      return bans.bans + bans.failing + sources.proven + sources.validated + tables.reduce((sum, { size }) => sum + size, 0)
    },
    get isOverloaded() {
      return overload.isOverloaded
    },
    close: () => overload.close(),
  }
}
