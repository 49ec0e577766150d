import { type Fields, namedValues, type WireMessage, writeMessage } from './message.js'
import type { Party } from './party.js'

export const sampleOffer =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n'

/** One side of a dialog (RFC 3261 §12). Header values stand unchanged sent, so that odd ones stay odd. */
export interface Side {
  readonly party: Party
  readonly local: string
  readonly remote: string
  readonly callId: string
  readonly target: string
  readonly routes: readonly string[]
  cseq: number
}

export function uriIn(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(';', 1)[0]?.trim() ?? ''
}

/** The caller's side, by the request as it was sent and the response that makes the dialog. */
export function callerSide(party: Party, sent: WireMessage, response: WireMessage, plain: WireMessage): Side {
  const own = (name: string): string => sent.header(name) || plain.header(name)
  return {
    party,
    local: own('From'),
    remote: response.header('To'),
    callId: own('Call-ID'),
    target: uriIn(response.header('Contact')) || (sent.startLine.split(' ')[1] ?? ''),
    routes: response.all('Record-Route').toReversed(),
    cseq: Number.parseInt(own('CSeq'), 10) || 1,
  }
}

/** The callee's side, by the INVITE and the response as it was sent. */
export function calleeSide(party: Party, invite: WireMessage, sent: WireMessage): Side {
  return {
    party,
    local: sent.header('To'),
    remote: invite.header('From'),
    callId: invite.header('Call-ID'),
    target: uriIn(invite.header('Contact')),
    routes: invite.all('Record-Route'),
    cseq: 0,
  }
}

const bodies: Readonly<Record<string, readonly [type: string, body: string]>> = {
  INVITE: ['application/sdp', sampleOffer],
  UPDATE: ['application/sdp', sampleOffer],
  INFO: ['application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n'],
  MESSAGE: ['text/plain', 'hello'],
}

/** A request in the dialog; `extra` fields and another body where the play wants them. */
export function requestWithin(side: Side, method: string, extra: Fields = [], body = bodies[method]?.[1] ?? ''): string {
  const type = bodies[method]?.[0]
  return writeMessage(
    `${method} ${side.target} SIP/2.0`,
    [
      ['Via', side.party.via()],
      ...side.routes.map((route) => ['Route', route] as const),
      ['Max-Forwards', '70'],
      ['From', side.local],
      ['To', side.remote],
      ['Call-ID', side.callId],
      ['CSeq', `${side.cseq} ${method}`],
      ...(method === 'ACK' || method === 'BYE' ? [] : [['Contact', side.party.contact] as const]),
      ...(type === undefined || body === '' ? [] : [['Content-Type', type] as const]),
      ...extra,
    ],
    body,
  )
}

/** ACK of a final response to an INVITE: in the dialog for 2xx, else hop by hop (RFC 3261 §13.2.2.4, §17.1.1.3). */
export function acknowledgement(side: Side, sent: WireMessage, final: WireMessage): string {
  const text = requestWithin({ ...side, cseq: Number.parseInt(final.header('CSeq'), 10) }, 'ACK')
  if (final.status < 300) return text
  const via = sent.all('Via').length > 0 ? sent.header('Via') : final.header('Via')
  return text.replace(/^ACK [^ ]+/, `ACK ${sent.startLine.split(' ')[1]}`).replace(/^Via: .*/m, () => `Via: ${via}`)
}

/** A response as this party gives it; a 2xx or 183 to an INVITE or UPDATE has a session description. */
export function responseTo(request: WireMessage, status: number, party: Party, tag: string): string {
  const to = request.header('To')
  const describes = ['INVITE', 'UPDATE'].includes(request.method) && ((status >= 200 && status < 300) || status === 183)
  const challenge = 'Digest realm="trunk", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", algorithm=MD5, qop="auth"'
  return writeMessage(
    `SIP/2.0 ${status} ${status === 200 ? 'OK' : 'Whatever'}`,
    [
      ...namedValues(request, 'Via', 'Record-Route', 'From'),
      ['To', to.includes(';tag=') ? to : `${to};tag=${tag}`],
      ...namedValues(request, 'Call-ID', 'CSeq'),
      ...(request.method === 'INVITE' ? [['Contact', party.contact] as const] : []),
      ...(status === 407 ? [['Proxy-Authenticate', challenge] as const] : status === 401 ? [['WWW-Authenticate', challenge] as const] : []),
    ],
    describes && request.body !== '' ? sampleOffer.replace('40000', '40002') : '',
  )
}
