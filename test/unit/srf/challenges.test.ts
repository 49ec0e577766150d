import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { isRightResponse, parseCredentials } from '../../../src/sip/auth/digest.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import { createSrf, type SipApplication, type SipDialog } from '../../../src/srf/srf.js'
import { type HeaderList, offer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

const account = { username: 'us', password: new Secret('ours') }

let stage: SipdStage
let srf: SipApplication
let carrier: SipPeer

beforeEach(async () => {
  stage = await openSipdStage()
  const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru') }
  srf = stage.keep(await createSrf({ admin, log: silentLogger() }))
  carrier = await stage.udpPeer()
})
afterEach(() => stage.close())

function challenge(nonce: string, { stale = false, by = 'Proxy' } = {}): HeaderList {
  const text = `Digest realm="carrier", nonce="${nonce}", qop="auth", algorithm=MD5${stale ? ', stale=true' : ''}`
  return [[by === 'Proxy' ? 'Proxy-Authenticate' : 'WWW-Authenticate', text]]
}

/** Nonce and nonce count of credentials, if they fit the password. */
function proofOf(request: SipRequest, header = 'Proxy-Authorization'): string {
  const credentials = parseCredentials(request.first(header) ?? '')
  if (!credentials) return 'none'
  const input = { password: account.password, method: request.method, body: request.body }
  const isRight = isRightResponse(credentials, input) && credentials.uri === request.uri
  return isRight ? `${credentials.nonce} ${credentials.nc}` : 'wrong'
}

async function called(): Promise<SipDialog> {
  const outgoing = srf.invite(carrier.uri, offer, { credentials: account })
  carrier.respond(await carrier.hearsRequest('INVITE'), 407, challenge('first'))
  await carrier.hearsRequest('ACK')
  const proven = await carrier.hearsRequest('INVITE')
  expect(proofOf(proven)).toBe('first 00000001')
  carrier.respond(proven, 200, [], offer)
  const result = await outgoing.result
  if (result.outcome !== 'answered') throw new Error(result.outcome)
  await carrier.hearsRequest('ACK')
  return result.dialog
}

it.each(['UPDATE', 'INFO', 'REFER', 'MESSAGE', 'NOTIFY'])(
  'a challenged %s in a call is sent again with credentials (RFC 3261 §22.2)',
  async (method) => {
    const dialog = await called()
    const answer = dialog.request(method, { headers: { 'Content-Type': 'text/plain', Event: 'talk' }, body: 'x' })
    const first = await carrier.hearsRequest(method)
    carrier.respond(first, 401, challenge('second', { by: 'Server' }))
    const second = await carrier.hearsRequest(method)
    expect([proofOf(second, 'Authorization'), second.cseq.number, second.callId, second.body.toString(), second.first('Event')]).toEqual([
      'second 00000001',
      first.cseq.number + 1,
      first.callId,
      'x',
      'talk',
    ])
    carrier.respond(second, 202)
    expect((await answer).status).toBe(202)
  },
)

it('a challenged re-INVITE is sent again, its ACK has the credentials, and the nonce count continues (RFC 7616 §3.4)', async () => {
  const dialog = await called()
  const answer = dialog.reinvite(offer)
  carrier.respond(await carrier.hearsRequest('INVITE'), 407, challenge('first'))
  await carrier.hearsRequest('ACK')
  const second = await carrier.hearsRequest('INVITE')
  expect(proofOf(second)).toBe('first 00000002')
  carrier.respond(second, 200, [], offer)
  expect((await answer).status).toBe(200)
  expect((await carrier.hearsRequest('ACK')).first('Proxy-Authorization')).toBe(second.first('Proxy-Authorization'))
})

it('the ACK of a challenged offerless re-INVITE contains the answer', async () => {
  const dialog = await called()
  const answer = dialog.reinvite(null)
  carrier.respond(await carrier.hearsRequest('INVITE'), 407, challenge('second'))
  await carrier.hearsRequest('ACK')
  carrier.respond(await carrier.hearsRequest('INVITE'), 200, [], offer)
  const { ack } = await answer
  ack?.(offer)
  expect((await carrier.hearsRequest('ACK')).body.toString()).toBe(offer)
})

it('a challenged BYE is sent again with credentials', async () => {
  const dialog = await called()
  const ended = dialog.bye({ Reason: 'Q.850;cause=16' })
  carrier.respond(await carrier.hearsRequest('BYE'), 407, challenge('last'))
  const second = await carrier.hearsRequest('BYE')
  expect([proofOf(second), second.first('Reason')]).toEqual(['last 00000001', 'Q.850;cause=16'])
  carrier.respond(second, 200)
  await ended
  expect((await stage.sipd.counts()).dialogs).toBe(0)
})

it('a stale nonce gets one more answer, and nothing gets a third', async () => {
  const dialog = await called()
  const answer = dialog.request('INFO')
  carrier.respond(await carrier.hearsRequest('INFO'), 407, challenge('a'))
  carrier.respond(await carrier.hearsRequest('INFO'), 407, challenge('b', { stale: true }))
  const third = await carrier.hearsRequest('INFO')
  expect(proofOf(third)).toBe('b 00000001')
  carrier.respond(third, 407, challenge('c', { stale: true }))
  expect((await answer).status).toBe(407)
  expect(carrier.untaken).toEqual([])
})

it('refused credentials are not sent again', async () => {
  const dialog = await called()
  const answer = dialog.request('INFO')
  carrier.respond(await carrier.hearsRequest('INFO'), 407, challenge('a'))
  carrier.respond(await carrier.hearsRequest('INFO'), 407, challenge('b'))
  expect((await answer).status).toBe(407)
  expect(carrier.untaken).toEqual([])
})

it('the challenges of a proxy and of the server behind it are both answered', async () => {
  const outgoing = srf.invite(carrier.uri, offer, { credentials: account })
  carrier.respond(await carrier.hearsRequest('INVITE'), 407, challenge('proxy'))
  await carrier.hearsRequest('ACK')
  carrier.respond(await carrier.hearsRequest('INVITE'), 401, challenge('server', { by: 'Server' }))
  await carrier.hearsRequest('ACK')
  const third = await carrier.hearsRequest('INVITE')
  expect([proofOf(third), proofOf(third, 'Authorization')]).toEqual(['proxy 00000002', 'server 00000001'])
  carrier.respond(third, 200, [], offer)
  expect((await outgoing.result).outcome).toBe('answered')
})

it('a trunk that has called us and challenges a re-INVITE gets its credentials', async () => {
  const accepted = new Promise<SipDialog>((resolve, reject) => {
    srf.onInvite(async (invite) => {
      invite.answerChallenges(account)
      await invite.accept({ sdp: offer }).then(resolve, reject)
    })
  })
  const wire = await stage.application([])
  await wire.command('ping')
  await wire.close()
  const invite = carrier.request({ method: 'INVITE', body: offer })
  carrier.send(invite)
  const ok = await carrier.hearsResponse(200, 'INVITE')
  carrier.send(carrier.request({ method: 'ACK', callId: invite.callId, fromTag: invite.from.tag, toTag: ok.to.tag, cseq: 1 }))
  const answer = (await accepted).reinvite(offer)
  carrier.respond(await carrier.hearsRequest('INVITE'), 401, challenge('x', { by: 'Server' }))
  await carrier.hearsRequest('ACK')
  const second = await carrier.hearsRequest('INVITE')
  expect(proofOf(second, 'Authorization')).toBe('x 00000001')
  carrier.respond(second, 200, [], offer)
  expect((await answer).status).toBe(200)
})
