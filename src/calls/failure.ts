import type { ResponseParts, SipAnswer, SipHeaders } from '../srf/srf.js'

/** Whose doing the end of a call was. */
export const results = ['success', 'client', 'server', 'upstream', 'indeterminate'] as const
export type Result = (typeof results)[number]

/** How a call ended: the metric's label, the record's field and the log's field. */
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
 * Why a call did not come about, and what its caller is told. The caller is a phone, and phones act on the status:
 *
 * | status                    | phones                                                                                                             |
 * | ------------------------- | ------------------------------------------------------------------------------------------------------------------ |
 * | 401, 403, 407             | take it for wrong credentials: Linphone asks for the password, and what is typed replaces the right one            |
 * | 480 and a phrase          | end the call, most show the phrase; nothing else happens                                                           |
 * | 404, 410, 484, 604        | say that the number is wrong                                                                                       |
 * | 486, 600                  | play the busy tone; some offer to call back                                                                        |
 * | 488, 415, 606             | offer other media once: Linphone tries RTP/AVP after RTP/SAVP                                                      |
 * | 408, 500, 503 (5xx)       | try another node at once (RFC 3263 §4.3), some mark this one as failed                                             |
 * | 603                       | say that somebody has declined                                                                                     |
 *
 * So a refusal that has nothing to do with credentials or the number is 480. 403 is for callers who have proved nothing.
 */
export const refusals = {
  'unknown-number': { status: 404, phrase: 'Not Found', result: 'client' },
  'not-from-here': { status: 404, phrase: 'Not Found', result: 'client' },
  'not-allowed': { status: 403, phrase: 'Forbidden', result: 'client' },
  'idle-phone': { status: 480, phrase: 'Log In First', result: 'client' },
  draining: { status: 480, phrase: 'Logging Out', result: 'client' },
  'not-logged-in': { status: 480, phrase: 'Not Logged In', result: 'client' },
  'not-reachable': { status: 480, phrase: 'Phone Not Reachable', result: 'server' },
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
  'no-trunk': { status: 503, phrase: 'No Line Available', result: 'upstream', headers: { 'Retry-After': '10' } },
  'store-lost': { status: 503, phrase: 'Please Try Later', result: 'server', headers: { 'Retry-After': '10' } },
  stopping: { status: 503, phrase: 'Node Stopping', result: 'server', headers: { 'Retry-After': '5' } },
  upstream: { status: 480, phrase: 'Temporarily Unavailable', result: 'upstream' },
  cancelled: { status: 487, phrase: 'Request Terminated', result: 'client' },
  fault: { status: 500, phrase: 'Server Internal Error', result: 'server' },
} as const satisfies Record<string, Refusal>

export type RefusalReason = keyof typeof refusals

/** The header by which one node tells another why, where a status says too little. */
export const reasonHeader = 'X-Hotdesk-Reason'

export interface Failure {
  readonly reason: RefusalReason
  /** What leg B answered, where it did. */
  readonly answer?: SipAnswer
  readonly headers?: SipHeaders
  /** Instead of the status of the reason. */
  readonly status?: number
}

/** The response a failure becomes. What leg B said is passed on, unless it speaks of leg B alone; of a 403 only the words are. */
export function responseOf({ reason, answer, headers, status }: Failure): { readonly status: number; readonly parts: ResponseParts } {
  const refusal: Refusal = refusals[reason]
  const passed = reason === 'upstream' && answer && isForCaller(answer.status) ? answer : null
  return {
    status: status ?? passed?.status ?? refusal.status,
    parts: {
      reason: passed?.reason ?? forbidden(reason, answer) ?? refusal.phrase,
      headers: { ...refusal.headers, ...headers, [reasonHeader]: reason, ...retryAfter(passed) },
    },
  }
}

export function terminationOf({ reason }: Failure): Termination {
  return { result: refusals[reason].result, reason }
}

/** The reason that a final response of a phone, a trunk or another node stands for. */
export function reasonOf(answer: SipAnswer): RefusalReason {
  const told = answer.header(reasonHeader)
  // Another node: its phone is not to be had for the moment, and a forward may take the call.
  if (told === 'stopping') return 'not-reachable'
  if (isReason(told)) return told
  return reasonByStatus[answer.status] ?? 'upstream'
}

const reasonByStatus: Readonly<Record<number, RefusalReason>> = {
  300: 'redirected',
  301: 'redirected',
  302: 'redirected',
  404: 'unknown-number',
  408: 'not-reachable',
  430: 'not-reachable',
  // A Kamailio in front of the phone does not reach it (477) or its address (478).
  477: 'not-reachable',
  478: 'not-reachable',
  482: 'loop',
  483: 'too-many-hops',
  486: 'busy',
  487: 'cancelled',
  488: 'no-common-codec',
  600: 'busy',
  603: 'declined',
  606: 'no-common-codec',
}

function isReason(text: string): text is RefusalReason {
  return Object.hasOwn(refusals, text)
}

// A challenge, a redirection or a complaint about our own INVITE means nothing to the caller. A 403 may be about our password at a carrier.
const ownBusiness = new Set([401, 403, 407, 421, 422, 423, 481, 491, 493])

function isForCaller(status: number): boolean {
  return status >= 400 && !ownBusiness.has(status)
}

/** Why the far end takes no such call; its 401 and 407 have no words for people. */
function forbidden(reason: RefusalReason, answer?: SipAnswer): string | undefined {
  return reason === 'upstream' && answer?.status === 403 && answer.reason !== '' ? answer.reason : undefined
}

function retryAfter(answer: SipAnswer | null): SipHeaders {
  const value = answer?.header('Retry-After') ?? ''
  return value === '' ? {} : { 'Retry-After': value }
}
