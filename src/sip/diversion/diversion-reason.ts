/** Why a call was diverted (RFC 5806 §4). `unknown` stands for every other word. */
const diversionReasons = [
  'unknown',
  'user-busy',
  'no-answer',
  'unavailable',
  'unconditional',
  'time-of-day',
  'do-not-disturb',
  'deflection',
  'follow-me',
  'out-of-service',
  'away',
] as const

export type DiversionReason = (typeof diversionReasons)[number]

/**
 * The status that stands for a reason in History-Info and in a `cause` parameter (RFC 4458 §2.2). RFC 7544 §5 suggests 404 for those that have
 * none of their own, and allows a closer one.
 */
const causes: Readonly<Record<DiversionReason, number>> = {
  unknown: 404,
  'user-busy': 486,
  'no-answer': 408,
  unavailable: 503,
  unconditional: 302,
  'time-of-day': 404,
  'do-not-disturb': 486,
  deflection: 480,
  'follow-me': 404,
  'out-of-service': 503,
  away: 404,
}

/** The reverse, for History-Info that others have written (RFC 7544 §6). */
const reasonsByCause: Readonly<Record<number, DiversionReason>> = {
  302: 'unconditional',
  408: 'no-answer',
  480: 'deflection',
  486: 'user-busy',
  487: 'deflection',
  503: 'unavailable',
  600: 'user-busy',
}

export function causeOf(reason: DiversionReason): number {
  return causes[reason]
}

export function reasonOfCause(cause: number): DiversionReason {
  return reasonsByCause[cause] ?? 'unknown'
}

export function parseDiversionReason(text: string): DiversionReason {
  const word = text.toLowerCase()
  return diversionReasons.find((reason) => reason === word) ?? 'unknown'
}
