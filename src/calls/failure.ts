import type { ResponseParts, SipHeaders, SipReply } from '../srf/srf.js'

/** Who caused the end of a call. */
export const results = ['success', 'client', 'server', 'upstream', 'indeterminate'] as const
export type Result = (typeof results)[number]

/** How a call ended, for the metric, the record and the log. */
export interface Termination {
  readonly result: Result
  readonly reason: string
}

interface Refusal {
  readonly status: number
  readonly phrase: string
  readonly result: Result
  readonly headers?: SipHeaders
}

/**
 * Why a call failed, and the response its caller gets. The caller is a phone, and phones act on the status:
 *
 * | status              | phones                                                                                                 |
 * | ------------------- | ------------------------------------------------------------------------------------------------------ |
 * | 401, 403, 407       | assume wrong credentials: Linphone asks for the password and replaces the right one with what is typed |
 * | 480 and a phrase    | end the call; most show the phrase                                                                     |
 * | 404, 410, 484, 604  | report a wrong number                                                                                  |
 * | 486, 600            | play the busy tone; some offer to call back                                                            |
 * | 488, 415, 606       | offer other media once: Linphone tries RTP/AVP after RTP/SAVP                                          |
 * | 408, 500, 503 (5xx) | try another node at once (RFC 3263 §4.3); some mark this one as failed                                 |
 * | 603                 | report that the call was declined                                                                      |
 *
 * So a refusal that concerns neither credentials nor the number is 480. 403 is for callers who have proved nothing.
 */
export const refusals = {
  'unknown-number': { status: 404, phrase: 'Not Found', result: 'client' },
  'not-from-here': { status: 404, phrase: 'Not Found', result: 'client' },
  barred: { status: 480, phrase: 'Call Barred', result: 'client' },
  'not-entitled': { status: 480, phrase: 'Not Entitled', result: 'client' },
  'over-limit': { status: 480, phrase: 'Call Limit Reached', result: 'client' },
  'not-allowed': { status: 403, phrase: 'Forbidden', result: 'client' },
  'not-by-transfer': { status: 603, phrase: 'Dial Emergency Numbers Directly', result: 'client' },
  'no-such-call': { status: 481, phrase: 'Call/Transaction Does Not Exist', result: 'client' },
  draining: { status: 480, phrase: 'Logging Out', result: 'client' },
  ended: { status: 480, phrase: 'Ended By The Operator', result: 'indeterminate' },
  'not-logged-in': { status: 480, phrase: 'Not Logged In', result: 'client' },
  'not-reachable': { status: 480, phrase: 'Phone Not Reachable', result: 'server' },
  'site-missing': { status: 484, phrase: 'Address Incomplete', result: 'client' },
  'site-away': { status: 480, phrase: 'Site Not Reachable', result: 'server' },
  'nothing-parked': { status: 480, phrase: 'Nothing Parked', result: 'client' },
  'nothing-to-pick-up': { status: 480, phrase: 'Nothing To Pick Up', result: 'client' },
  announced: { status: 480, phrase: 'Announcement Played', result: 'success' },
  'no-answer': { status: 480, phrase: 'No Answer', result: 'client' },
  busy: { status: 486, phrase: 'Busy Here', result: 'client' },
  declined: { status: 603, phrase: 'Decline', result: 'client' },
  'no-common-codec': { status: 488, phrase: 'Not Acceptable Here', result: 'client' },
  'other-family': {
    status: 488,
    phrase: 'Not Acceptable Here',
    result: 'client',
    headers: { Warning: '301 hotdesk "Incompatible network address formats: IPv4 and IPv6"' },
  },
  redirected: { status: 480, phrase: 'Temporarily Unavailable', result: 'client' },
  loop: { status: 482, phrase: 'Loop Detected', result: 'client' },
  'too-many-hops': { status: 483, phrase: 'Too Many Hops', result: 'client' },
  'bad-extension': { status: 420, phrase: 'Bad Extension', result: 'client' },
  'no-trunk': { status: 503, phrase: 'No Trunk Available', result: 'upstream', headers: { 'Retry-After': '10' } },
  'trunk-full': { status: 503, phrase: 'Trunk Full', result: 'client', headers: { 'Retry-After': '10' } },
  'no-privacy': { status: 500, phrase: 'Privacy Not Supported', result: 'client' },
  'store-lost': { status: 503, phrase: 'Please Try Later', result: 'server', headers: { 'Retry-After': '10' } },
  stopping: { status: 503, phrase: 'Node Stopping', result: 'server', headers: { 'Retry-After': '5' } },
  upstream: { status: 480, phrase: 'Temporarily Unavailable', result: 'upstream' },
  cancelled: { status: 487, phrase: 'Request Terminated', result: 'client' },
  fault: { status: 500, phrase: 'Server Internal Error', result: 'server' },
} as const satisfies Record<string, Refusal>

export type RefusalReason = keyof typeof refusals

/** Carries the reason from node to node, where a status is not specific enough. */
export const reasonCodeHeader = 'X-Hotdesk-Reason'

export interface Failure {
  readonly reason: RefusalReason
  /** The final response of leg B, if there was one. */
  readonly response?: SipReply
  readonly headers?: SipHeaders
  /** Instead of the status of the reason. */
  readonly status?: number
}

/** The response to the caller. Leg B's own is passed on unless it concerns leg B alone; of a 403 only the phrase is. */
export function responseOf({ reason, response, headers, status }: Failure): { readonly status: number; readonly parts: ResponseParts } {
  const refusal: Refusal = refusals[reason]
  const passed = response && isPassed(reason, response) && isForCaller(response.status) ? response : null
  return {
    status: status ?? passed?.status ?? refusal.status,
    parts: {
      reason: passed?.reason ?? forbiddenPhrase(reason, response) ?? refusal.phrase,
      headers: { ...refusal.headers, ...headers, [reasonCodeHeader]: reason, ...retryAfter(passed) },
    },
  }
}

/**
 * A phone that was not answered may say why in its own words. RFC 3261 §21.6.1: 600 means that no other place of the user answers either, which
 * 486 does not.
 */
function isPassed(reason: RefusalReason, { status }: SipReply): boolean {
  return reason === 'upstream' || reason === 'no-answer' || (reason === 'busy' && status === busyEverywhere)
}

const busyEverywhere = 600

export function terminationOf({ reason }: Failure): Termination {
  return { result: refusals[reason].result, reason }
}

/** The meaning of a final response from a phone, a trunk or another node. */
export function reasonOf(response: SipReply): RefusalReason {
  const given = response.header(reasonCodeHeader)
  // The other node is stopping, so its phone cannot be reached. A forward may take the call.
  if (given === 'stopping') return 'not-reachable'
  if (isReason(given)) return given
  return reasonByStatus[response.status] ?? 'upstream'
}

const reasonByStatus: Readonly<Record<number, RefusalReason>> = {
  300: 'redirected',
  301: 'redirected',
  302: 'redirected',
  404: 'unknown-number',
  408: 'not-reachable',
  430: 'not-reachable',
  // A Kamailio in front of the phone cannot send to it (477) or resolve its address (478).
  477: 'not-reachable',
  478: 'not-reachable',
  482: 'loop',
  483: 'too-many-hops',
  486: 'busy',
  487: 'cancelled',
  488: 'no-common-codec',
  [busyEverywhere]: 'busy',
  603: 'declined',
  606: 'no-common-codec',
}

function isReason(text: string): text is RefusalReason {
  return Object.hasOwn(refusals, text)
}

// A challenge, a redirection or a complaint about our own INVITE means nothing to the caller. A 403 may be about our password at a trunk.
const notForCaller = new Set([401, 403, 407, 421, 422, 423, 481, 491, 493])

function isForCaller(status: number): boolean {
  return status >= 400 && !notForCaller.has(status)
}

/** Why the far end forbids the call. The phrases of 401 and 407 do not explain anything. */
function forbiddenPhrase(reason: RefusalReason, response?: SipReply): string | undefined {
  return reason === 'upstream' && response?.status === 403 && response.reason !== '' ? response.reason : undefined
}

function retryAfter(response: SipReply | null): SipHeaders {
  const value = response?.header('Retry-After') ?? ''
  return value === '' ? {} : { 'Retry-After': value }
}
