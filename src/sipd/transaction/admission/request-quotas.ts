import type { Clock } from '../../../base/clock.js'
import { createBuckets, createRequestQuota, type Rate } from './buckets.js'

/** Limits of new requests by kind of source. Each kind has its own, so that none uses up those of another. */
export interface RequestQuotaLimits {
  /** For each trunk, node and registered flow. */
  readonly known: Rate
  /** Emergency calls, for each registered flow. */
  readonly knownEmergencies: Rate
  /** Requests that answer a challenge of ours. */
  readonly authenticating: { readonly source: Rate; readonly total: Rate }
  /** Requests of unknown sources that are passed to the application. */
  readonly unknown: { readonly source: Rate; readonly total: Rate }
  /** Requests in dialogs other than ACK, BYE and CANCEL, for each flow of an unknown source. */
  readonly unknownDialogs: Rate
  /** Challenges and refusals without a transaction. Above this limit an unknown source gets no response. */
  readonly refusals: { readonly source: Rate; readonly total: Rate }
  /** Emergency calls of unknown sources, without and with an answer to a challenge. */
  readonly emergencies: { readonly source: Rate; readonly total: Rate }
  readonly authenticatingEmergencies: { readonly source: Rate; readonly total: Rate }
  /** For each source while the server is overloaded. */
  readonly overloaded: Rate
}

/** Sufficient for an office of 1,000 phones behind one address that start at the same time: all are challenged, and all may answer. */
export const requestQuotaLimits: RequestQuotaLimits = {
  known: { perSecond: 1_000, burst: 2_000 },
  knownEmergencies: { perSecond: 20, burst: 200 },
  authenticating: { source: { perSecond: 100, burst: 1_500 }, total: { perSecond: 500, burst: 3_000 } },
  unknown: { source: { perSecond: 50, burst: 100 }, total: { perSecond: 100, burst: 300 } },
  unknownDialogs: { perSecond: 20, burst: 40 },
  refusals: { source: { perSecond: 100, burst: 2_000 }, total: { perSecond: 2_000, burst: 4_000 } },
  emergencies: { source: { perSecond: 1, burst: 10 }, total: { perSecond: 10, burst: 40 } },
  authenticatingEmergencies: { source: { perSecond: 2, burst: 20 }, total: { perSecond: 20, burst: 100 } },
  overloaded: { perSecond: 20, burst: 40 },
}

export type RequestQuotas = ReturnType<typeof createRequestQuotas>

export function createRequestQuotas(clock: Clock, limits: RequestQuotaLimits, most: number) {
  return {
    known: createBuckets(clock, limits.known, most),
    knownEmergencies: createBuckets(clock, limits.knownEmergencies, most),
    overloaded: createBuckets(clock, limits.overloaded, most),
    authenticating: createRequestQuota(clock, limits.authenticating, most),
    unknown: createRequestQuota(clock, limits.unknown, most),
    unknownDialogs: createBuckets(clock, limits.unknownDialogs, most),
    refusals: createRequestQuota(clock, limits.refusals, most),
    emergencies: createRequestQuota(clock, limits.emergencies, most),
    authenticatingEmergencies: createRequestQuota(clock, limits.authenticatingEmergencies, most),
  }
}
