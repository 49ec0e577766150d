import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerChallenge, chooseChallenge, printCredentials } from '../../../src/sip/auth/digest.js'
import { newTag } from '../../../src/sip/ids.js'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/**
 * An attacker who has a phone call `sip:hold@attacker` passes our challenge on to it. The phone answers for that URI, and the attacker
 * puts the answer into a request of their own.
 */
describe('a challenge that was laundered through a phone', () => {
  let office: TestOffice
  let node: TestNode
  let victim: Phone
  let attacker: SipPeer

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    victim = await office.phone('HD0001', node)
    await office.phone('HD0002', node)
    await office.seat({ '100': 'HD0001', '101': 'HD0002' })
    attacker = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
  }, 60_000)

  afterAll(async () => {
    await attacker.close()
    await office.close()
  })

  function asVictim(method: 'INVITE' | 'REGISTER', number: string): SipRequest {
    const uri = number === '' ? `sip:${domain}` : `sip:${number}@${domain}`
    const request = attacker.request({ method, uri, to: method === 'REGISTER' ? `sip:HD0001@${domain}` : uri })
    request.set('From', `<sip:HD0001@${domain}>;tag=${newTag()}`)
    return request
  }

  /** What the victim's phone makes of a challenge when it calls that URI. */
  function signedByVictim(challenge: SipResponse, method: string, uri: string, username = 'HD0001'): string {
    const offered = [...challenge.all('WWW-Authenticate'), ...challenge.all('Proxy-Authenticate')]
    const chosen = chooseChallenge(offered)
    if (!chosen) throw new Error('no challenge')
    const password = passwordOf('HD0001')
    const parts = { username, password, uri, method, body: Buffer.alloc(0), cnonce: newTag(), count: 1 }
    return printCredentials(answerChallenge(chosen, parts))
  }

  async function launder(method: 'INVITE' | 'REGISTER', number: string, signedUri: string): Promise<SipResponse> {
    const header = method === 'REGISTER' ? 'Authorization' : 'Proxy-Authorization'
    const first = asVictim(method, number)
    attacker.send(first)
    const challenge = await finalOf(first)
    const second = asVictim(method, number)
    second.append(header, signedByVictim(challenge, method, signedUri))
    attacker.send(second)
    return finalOf(second)
  }

  async function finalOf(request: SipRequest): Promise<SipResponse> {
    const heard = await attacker.hears('a final response', (message) => {
      return message.kind === 'response' && message.status >= 200 && message.callId === request.callId
    })
    if (heard.kind !== 'response') throw new Error('not a response')
    return heard
  }

  it.each([
    ['the URI that the phone called', 'sip:hold@127.0.0.66'],
    ['the number at another host', 'sip:101@elsewhere.example'],
    ['another number', `sip:hold@${domain}`],
    ['the number, by way of another host', `sip:101@${domain};maddr=127.0.0.66`],
  ])('gives no call: %s', async (_, signed) => {
    expect((await launder('INVITE', '101', signed)).status).toBe(400)
  })

  it('gives no call with a Request-URI that is the one the phone called', async () => {
    const foreign = asVictim('INVITE', '101')
    foreign.uri = 'sip:101@elsewhere.example'
    attacker.send(foreign)
    const challenge = await finalOf(foreign)
    const again = asVictim('INVITE', '101')
    again.uri = 'sip:101@elsewhere.example'
    again.append('Proxy-Authorization', signedByVictim(challenge, 'INVITE', 'sip:101@elsewhere.example'))
    attacker.send(again)
    expect((await finalOf(again)).status).toBe(404)
  })

  it('registers nothing, and the phone keeps its calls', async () => {
    const before = await office.redis.cli('HGET', '{hd}:reg:HD0001', 'flow')
    expect((await launder('REGISTER', '', 'sip:hold@127.0.0.66')).status).toBe(400)
    expect(await office.redis.cli('HGET', '{hd}:reg:HD0001', 'flow')).toBe(before)
    expect((await victim.register()).status).toBe(200)
  })

  it('does not stop a call for help, which needs no proof', async () => {
    const help = node.logged('call.emergency')
    const status = (await launder('INVITE', '112', 'sip:hold@127.0.0.66')).status
    await help
    // No trunk is there to take it.
    expect(status).not.toBe(400)
  })

  it('does not show the victim as the caller of a number for help that the phone called elsewhere', async () => {
    const unproven = () => metricOf(node, 'hotdesk_emergency_unproven_total')
    const before = await unproven()
    const first = asVictim('INVITE', '101')
    attacker.send(first)
    const help = asVictim('INVITE', '112')
    help.uri = 'sip:112@elsewhere.example'
    help.append('Proxy-Authorization', signedByVictim(await finalOf(first), 'INVITE', help.uri))
    attacker.send(help)
    await finalOf(help)
    expect(await unproven()).toBe(before + 1)
  })

  it('does not show the victim either where only its user would know the number for one', async () => {
    await office.redis.cli('HSET', '{hd}:site:oslo', 'emergency', '113')
    await office.directory.putUser('100', { home: 'oslo' })
    await office.follows('user:100', (user) => user?.get('home') === 'oslo')
    const unproven = () => metricOf(node, 'hotdesk_emergency_unproven_total')
    const before = await unproven()
    const uri = 'sip:113@elsewhere.example'
    const anonymous = (): SipRequest => {
      const request = asVictim('INVITE', '113')
      request.uri = uri
      request.set('From', `<sip:anonymous@anonymous.invalid>;tag=${newTag()}`)
      return request
    }
    const first = anonymous()
    attacker.send(first)
    const help = anonymous()
    // In this form the name of the phone is read only once its password is proven.
    help.append('Proxy-Authorization', signedByVictim(await finalOf(first), 'INVITE', uri, `HD0001@${domain}`))
    attacker.send(help)
    await finalOf(help)
    expect(await unproven()).toBe(before + 1)
  })

  it('is counted, and logged without the phone’s password', async () => {
    expect(await metricOf(node, 'hotdesk_digest_refused_total{reason="uri"}')).toBeGreaterThanOrEqual(5)
    expect(await node.logged('registrar.refused')).toMatchObject({ reason: 'uri', username: 'HD0001', source: '127.0.0.1' })
  })
})
