import type { Clock } from '../../../base/clock.js'
import { createBuckets, createRequestQuota, type Rate } from './buckets.js'

/** New requests by kind of sender. What one kind uses up is missing to no other. */
export interface RequestQuotaLimits {
  /** Of each trunk, node and registered flow. */
  readonly known: Rate
  /** Emergency calls of each registered flow. */
  readonly knownEmergencies: Rate
  /** Requests that answer a challenge of ours: of each source, and of all. */
  readonly answering: { readonly source: Rate; readonly total: Rate }
  /** What strangers may ask the application: of each source, and of all. */
  readonly strangers: { readonly source: Rate; readonly total: Rate }
  /** What each flow of a stranger sends in its dialogs, other than ACK, BYE and CANCEL. */
  readonly strangerDialogs: Rate
  /** Challenges and refusals without a transaction: beyond them a stranger gets no answer, and asks again. */
  readonly answers: { readonly source: Rate; readonly total: Rate }
  /** Emergency calls of those who have proved nothing, and of those who answer a challenge. */
  readonly emergencies: { readonly source: Rate; readonly total: Rate }
  readonly answeringEmergencies: { readonly source: Rate; readonly total: Rate }
  /** Each source while the server is overloaded. */
  readonly scarce: Rate
}

/** An office of 1,000 phones behind one address that starts at once finds room: all are challenged, and all may answer. */
export const requestQuotaLimits: RequestQuotaLimits = {
  known: { perSecond: 1_000, burst: 2_000 },
  knownEmergencies: { perSecond: 20, burst: 200 },
  answering: { source: { perSecond: 100, burst: 1_500 }, total: { perSecond: 500, burst: 3_000 } },
  strangers: { source: { perSecond: 50, burst: 100 }, total: { perSecond: 100, burst: 300 } },
  strangerDialogs: { perSecond: 20, burst: 40 },
  answers: { source: { perSecond: 100, burst: 2_000 }, total: { perSecond: 2_000, burst: 4_000 } },
  emergencies: { source: { perSecond: 1, burst: 10 }, total: { perSecond: 10, burst: 40 } },
  answeringEmergencies: { source: { perSecond: 2, burst: 20 }, total: { perSecond: 20, burst: 100 } },
  scarce: { perSecond: 20, burst: 40 },
}

export type RequestQuotas = ReturnType<typeof createRequestQuotas>

export function createRequestQuotas(clock: Clock, limits: RequestQuotaLimits, most: number) {
  return {
    known: createBuckets(clock, limits.known, most),
    knownEmergencies: createBuckets(clock, limits.knownEmergencies, most),
    scarce: createBuckets(clock, limits.scarce, most),
    answering: createRequestQuota(clock, limits.answering, most),
    strangers: createRequestQuota(clock, limits.strangers, most),
    strangerDialogs: createBuckets(clock, limits.strangerDialogs, most),
    answers: createRequestQuota(clock, limits.answers, most),
    emergencies: createRequestQuota(clock, limits.emergencies, most),
    answeringEmergencies: createRequestQuota(clock, limits.answeringEmergencies, most),
  }
}
