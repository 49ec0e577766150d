import type { SipRequest } from '../../../sip/message/message.js'

/** What programs call themselves that look for open SIP servers; begun so, in lower case. */
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

/** True for a request of a known scanner. A scanner that lies about itself is caught by its failures instead. */
export function isScanner(request: SipRequest): boolean {
  const name = request.first('User-Agent')?.toLowerCase()
  return name !== undefined && scanners.some((scanner) => name.startsWith(scanner))
}
