import type { SipRequest } from '../../../sip/message/message.js'

/** Beginnings of the User-Agents of scanners for open SIP servers, in lower case. */
const scanners = [
  'friendly-scanner',
  'friendly-request',
  'sipvicious',
  'sipcli',
  'sip-scan',
  'sundayddr',
  'iwar',
  'vaxsipuseragent',
  'pplsip',
  'smap',
  'gulp',
  'sipptk',
]

/** True for a request of a known scanner. A scanner with another User-Agent is banned for its failures instead. */
export function isScanner(request: SipRequest): boolean {
  const name = request.first('User-Agent')?.toLowerCase()
  return name !== undefined && scanners.some((scanner) => name.startsWith(scanner))
}
