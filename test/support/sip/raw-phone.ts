import type { Secret } from '../../../src/base/secret.js'
import { answerChallenge, chooseChallenge, printCredentials } from '../../../src/sip/auth/digest.js'
import { newCallId, newTag } from '../../../src/sip/ids.js'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import { type HeaderList, offer, type SipPeer } from './sip-peer.js'

/** A device whose every message is under the test's hand. */
export interface RawPhone {
  /** Registers itself, where the peer listens; answers the 200. */
  register(contact?: string, parts?: RegisterParts): Promise<SipResponse>
  /** An INVITE as this device sends it first. */
  invite(number: string, parts?: InviteParts): SipRequest
  /** The same request once more, with the answer to its challenge. */
  authorized(request: SipRequest, challenge: SipResponse): SipRequest
  /** ACK of any final response to an INVITE (RFC 3261 §13.2.2.4, §17.1.1.3). */
  acknowledge(request: SipRequest, final: SipResponse): void
  /** Dials, answers the challenge, and acknowledges the final response. */
  dial(number: string, parts?: InviteParts): RawCall
}

export interface RegisterParts {
  /** A new one by default, as after a restart. */
  readonly callId?: string
  readonly cseq?: number
  readonly headers?: HeaderList
}

export interface InviteParts {
  /** Instead of what was dialled, as the Request-URI. */
  readonly uri?: string
  readonly body?: string
  readonly contact?: string
  /** In place of what a phone would send. */
  readonly headers?: HeaderList
}

export interface RawCall {
  readonly final: Promise<{ readonly invite: SipRequest; readonly answer: SipResponse }>
}

export interface RawPhoneParts {
  readonly peer: SipPeer
  readonly device: string
  readonly password: Secret
  readonly domain: string
}

/** The header that answers the challenge to a request. */
export function credentialsFor(
  { method, uri, body }: SipRequest,
  response: SipResponse,
  { device, password }: Pick<RawPhoneParts, 'device' | 'password'>,
): [name: string, value: string] {
  const byRegistrar = response.status === 401
  const challenge = chooseChallenge(response.all(byRegistrar ? 'WWW-Authenticate' : 'Proxy-Authenticate'))
  if (!challenge) throw new Error(`no challenge: ${response.status} ${response.reason}`)
  const answer = answerChallenge(challenge, { username: device, password, uri, method, body, cnonce: newTag(), count: 1 })
  return [byRegistrar ? 'Authorization' : 'Proxy-Authorization', printCredentials(answer)]
}

export function createRawPhone({ peer, device, password, domain }: RawPhoneParts): RawPhone {
  const phone: RawPhone = {
    async register(contact = `<${peer.uri}>`, { callId = newCallId(), cseq = 1, headers = [] } = {}) {
      const request = peer.request({
        method: 'REGISTER',
        uri: `sip:${domain}`,
        to: `sip:${device}@${domain}`,
        callId,
        cseq,
        contact,
      })
      for (const [name, value] of headers) request.append(name, value)
      request.set('From', `<sip:${device}@${domain}>;tag=${newTag()}`)
      peer.send(request)
      const again = phone.authorized(request, await peer.hearsResponse(401))
      for (const [name, value] of headers) again.append(name, value)
      peer.send(again)
      return peer.hearsResponse(200, 'REGISTER')
    },
    invite(number, { body = offer, headers = [], ...parts } = {}) {
      const uri = `sip:${number.replaceAll('#', '%23')}@${domain}`
      const request = peer.request({ method: 'INVITE', to: uri, callId: newCallId(), body, ...parts })
      request.set('From', `<sip:${device}@${domain}>;tag=${newTag()}`)
      for (const [name, value] of headers) request.set(name, value)
      return request
    },
    authorized(request, response) {
      const { method, uri, body } = request
      const parts = { method, uri, to: request.to.uri, callId: request.callId, cseq: request.cseq.number + 1 }
      const again = peer.request({ ...parts, body: body.toString('latin1') })
      again.set('From', request.first('From') ?? '')
      again.set('Contact', request.first('Contact') ?? '')
      again.append(...credentialsFor(request, response, { device, password }))
      return again
    },
    acknowledge(request, final) {
      const isRefusal = final.status >= 300
      const ack = peer.request({
        method: 'ACK',
        uri: isRefusal ? request.uri : (final.contacts[0]?.uri ?? request.uri),
        to: request.to.uri,
        callId: request.callId,
        cseq: request.cseq.number,
        ...(isRefusal && { branch: request.topVia.branch ?? '' }),
      })
      ack.set('From', request.first('From') ?? '')
      ack.set('To', final.first('To') ?? '')
      peer.send(ack)
    },
    dial: (number, parts = {}) => ({ final: dial(number, parts) }),
  }
  return phone

  async function dial(number: string, parts: InviteParts) {
    const first = phone.invite(number, parts)
    peer.send(first)
    const early = await finalOf(first)
    if (early.status !== 407) return { invite: first, answer: early }
    const invite = phone.authorized(first, early)
    for (const [name, value] of parts.headers ?? []) invite.set(name, value)
    peer.send(invite)
    return { invite, answer: await finalOf(invite) }
  }

  async function finalOf(request: SipRequest): Promise<SipResponse> {
    const heard = await peer.hears(`a final response to ${request.uri}`, (message) => {
      const isAnswer = message.kind === 'response' && message.status >= 200 && message.cseq.method === 'INVITE'
      return isAnswer && message.callId === request.callId && message.cseq.number === request.cseq.number
    })
    if (heard.kind === 'request') throw new Error('a request is no response')
    phone.acknowledge(request, heard)
    return heard
  }
}
