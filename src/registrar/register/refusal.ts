import type { SipHeaders } from '../../srf/srf.js'

/** Why a REGISTER is refused. */
export interface Refusal {
  readonly kind: 'refusal'
  readonly status: number
  readonly reason: string
  readonly headers?: SipHeaders
}

export function refusal(status: number, reason: string, headers: SipHeaders = {}): Refusal {
  return { kind: 'refusal', status, reason, headers }
}
