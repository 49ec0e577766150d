import type { Secret } from '../../src/base/secret.js'
import { answerChallenge, chooseChallenge, printCredentials } from '../../src/sip/digest.js'
import { newCallId, newTag } from '../../src/sip/ids.js'
import type { SipRequest, SipResponse } from '../../src/sip/message.js'
import { type HeaderList, offer, type SipPeer } from './sip-peer.js'

/** A device whose every message is under the test's hand. */
export interface RawPhone {
  /** An INVITE as this device sends it first. */
  invite(number: string, parts?: { readonly body?: string; readonly contact?: string; readonly headers?: HeaderList }): SipRequest
  /** The same request once more, with the answer to its challenge. */
  authorized(request: SipRequest, challenge: SipResponse): SipRequest
  acknowledge(request: SipRequest, refusal: SipResponse): void
}

export interface RawPhoneParts {
  readonly peer: SipPeer
  readonly device: string
  readonly password: Secret
  readonly domain: string
}

export function createRawPhone({ peer, device, password, domain }: RawPhoneParts): RawPhone {
  return {
    invite(number, { body = offer, ...parts } = {}) {
      const uri = `sip:${number.replaceAll('#', '%23')}@${domain}`
      const request = peer.request({ method: 'INVITE', to: uri, callId: newCallId(), body, ...parts })
      request.set('From', `<sip:${device}@${domain}>;tag=${newTag()}`)
      return request
    },
    authorized(request, response) {
      const challenge = chooseChallenge(response.all('Proxy-Authenticate'))
      if (!challenge) throw new Error(`no challenge: ${response.status} ${response.reason}`)
      const { method, uri, body } = request
      const answer = answerChallenge(challenge, { username: device, password, uri, method, body, cnonce: newTag(), count: 1 })
      const again = peer.request({ method, to: uri, callId: request.callId, cseq: request.cseq.number + 1, body: body.toString('latin1') })
      again.set('From', request.first('From') ?? '')
      again.set('Contact', request.first('Contact') ?? '')
      again.append('Proxy-Authorization', printCredentials(answer))
      return again
    },
    acknowledge(request, refusal) {
      const ack = peer.request({
        method: 'ACK',
        to: request.uri,
        callId: request.callId,
        cseq: request.cseq.number,
        branch: request.topVia.branch ?? '',
      })
      ack.set('From', request.first('From') ?? '')
      ack.set('To', refusal.first('To') ?? '')
      peer.send(ack)
    },
  }
}
