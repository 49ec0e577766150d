import { createRequest } from '../../../sip/message/builder.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'

type Headers = readonly (readonly [name: string, value: string])[]

/** The ACK of a non-2xx final response (RFC 3261 §17.1.1.3): like the INVITE, but with To from the response. */
export function ackOf(invite: SipRequest, response: SipResponse): SipRequest {
  return likeInvite(invite, 'ACK', response.first('To') ?? '', [])
}

/** The CANCEL of an INVITE (RFC 3261 §9.1). `reason`: Reason header value (RFC 3326). */
export function cancelOf(invite: SipRequest, reason: string | null): SipRequest {
  return likeInvite(invite, 'CANCEL', invite.first('To') ?? '', reason === null ? [] : [['Reason', reason]])
}

function likeInvite(invite: SipRequest, method: 'ACK' | 'CANCEL', to: string, more: Headers): SipRequest {
  const routes: Headers = invite.all('Route').map((route) => ['Route', route])
  return createRequest({
    method,
    uri: invite.uri,
    headers: [
      ['Via', invite.list('Via')[0] ?? ''],
      ['Max-Forwards', '70'],
      ...routes,
      ['From', invite.first('From') ?? ''],
      ['To', to],
      ['Call-ID', invite.callId],
      ['CSeq', `${invite.cseq.number} ${method}`],
      ...more,
    ],
  })
}
