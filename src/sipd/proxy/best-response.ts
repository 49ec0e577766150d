import type { SipResponse } from '../../sip/message/message.js'

/** 4xx responses that show the caller how to try again (RFC 3261 §16.7 step 6). */
const preferred: readonly number[] = [401, 407, 415, 420, 484]

/** The failure that is forwarded to the caller (RFC 3261 §16.7 step 6): a 6xx first, otherwise one of the lowest class. A challenge carries those of all branches. */
export function bestResponse(failures: readonly SipResponse[]): SipResponse | null {
  const [first, ...others] = [...failures].sort((a, b) => rank(a.status) - rank(b.status))
  if (!first) return null
  const best = first.clone()
  if (best.status === 401 || best.status === 407) {
    // RFC 3261 §16.7 step 7.
    for (const other of others) {
      if (other.status !== 401 && other.status !== 407) continue
      for (const name of ['WWW-Authenticate', 'Proxy-Authenticate']) for (const value of other.all(name)) best.append(name, value)
    }
  }
  // Other requests may succeed: a 503 would keep the caller away from this server (§16.7 step 6).
  if (best.status === 503) {
    best.status = 500
    best.reason = 'Server Internal Error'
  }
  return best
}

function rank(status: number): number {
  if (status >= 600) return 0
  const ofClass = Math.floor(status / 100) * 1000
  if (preferred.includes(status)) return ofClass
  // A branch without a response ranks last in its class.
  return ofClass + (status === 408 || status === 503 ? 900 : 100)
}
