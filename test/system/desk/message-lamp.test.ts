import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { planOver } from '../../support/sip/carrier.js'
import { createRawPhone, type RawPhone } from '../../support/sip/raw-phone.js'
import { type HeaderList, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** The lamp of the phone where the user sits (RFC 3842). 100 has messages, 101 has none. */
describe('the message lamp', () => {
  let office: TestOffice
  let node: TestNode
  let port: number
  let dialplan: string
  const peers: SipPeer[] = []

  beforeAll(async () => {
    office = await openTestOffice()
    const plan = JSON.parse(planOver('127.0.0.1:9')) as { trunks: Record<string, object>; voicemail?: object; shortCodes?: object }
    plan.trunks.mailbox = { uri: 'sip:127.0.0.1:9;transport=udp' }
    plan.voicemail = { trunk: 'mailbox' }
    plan.shortCodes = { '*97': { trunks: ['mailbox'] } }
    dialplan = JSON.stringify(plan)
    node = await office.node('paris-1', 'paris', { dialplan })
    port = Number(node.udp.split(':')[1])
    await messages('100', { waiting: 'yes', new: '2', old: '1' })
  }, 60_000)

  afterAll(async () => {
    for (const peer of peers) await peer.close()
    await office.close()
  })

  async function messages(extension: string, fields: Readonly<Record<string, string>>): Promise<void> {
    await office.redis.cli('HSET', `{hd}:messages:${extension}`, ...Object.entries(fields).flat())
  }

  async function logout(device: string): Promise<void> {
    await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', device, 'now')
  }

  /** A registered phone. It confirms each NOTIFY, unless the test does. */
  async function phoneOf(device: string, answers: readonly string[] = ['NOTIFY']): Promise<{ peer: SipPeer; phone: RawPhone }> {
    const peer = await openUdpPeer({ port }, answers)
    peers.push(peer)
    const phone = createRawPhone({ peer, device, password: passwordOf(device), domain })
    await phone.register()
    return { peer, phone }
  }

  /** The next NOTIFY about messages that says so. */
  async function shows(peer: SipPeer, text: string): Promise<SipRequest> {
    const isIt = (body: Buffer): boolean => body.toString().includes(text)
    const heard = await peer.hears(
      text,
      (message) => message.kind === 'request' && message.first('Event') === 'message-summary' && isIt(message.body),
    )
    return heard as SipRequest
  }

  async function subscribe({ peer, phone }: { peer: SipPeer; phone: RawPhone }, headers: HeaderList, status: number): Promise<SipResponse> {
    const first = peer.request({ method: 'SUBSCRIBE', to: `sip:HD0002@${domain}`, headers: [['Event', 'message-summary'], ...headers] })
    first.set('From', `<sip:HD0002@${domain}>;tag=${first.from.tag}`)
    peer.send(first)
    const again = phone.authorized(first, await peer.hearsResponse(407, 'SUBSCRIBE'))
    for (const [name, value] of [['Event', 'message-summary'], ...headers] as const) again.set(name, value)
    peer.send(again)
    return peer.hearsResponse(status, 'SUBSCRIBE')
  }

  it('follows the user to the phone, unasked, and goes out at logout', async () => {
    const { peer } = await phoneOf('HD0001')
    const idle = await shows(peer, 'Messages-Waiting: no')
    expect(idle.body.toString()).toBe(`Messages-Waiting: no\r\nMessage-Account: sip:*97@${domain}\r\nVoice-Message: 0/0 (0/0)\r\n`)
    expect([idle.first('Subscription-State'), idle.first('Content-Type')]).toEqual(['active', 'application/simple-message-summary'])
    await office.seat({ '100': 'HD0001' })
    await shows(peer, 'Messages-Waiting: yes')
    await messages('100', { new: '3' })
    await shows(peer, 'Voice-Message: 3/1 (0/0)')
    await logout('HD0001')
    await shows(peer, 'Messages-Waiting: no')
    await office.seat({ '101': 'HD0001' })
    await messages('100', { new: '4' })
    await messages('101', { waiting: 'yes' })
    // A server that gives no numbers. The state of 100 does not come: its user has gone.
    expect((await shows(peer, 'Messages-Waiting: ')).body.toString()).toBe(
      `Messages-Waiting: yes\r\nMessage-Account: sip:*97@${domain}\r\n`,
    )
    await logout('HD0001')
    await shows(peer, 'Messages-Waiting: no')
  }, 60_000)

  it('a phone that subscribes gets it in its subscription, until it ends that (RFC 3842 §3)', async () => {
    const both = await phoneOf('HD0002')
    const { peer } = both
    await subscribe(both, [['Expires', '30']], 423)
    const accepted = await subscribe(both, [['Expires', '7200']], 200)
    expect(accepted.first('Expires')).toBe('3600')
    const first = await shows(peer, 'Messages-Waiting: no')
    expect([first.callId, first.from.tag]).toEqual([accepted.callId, accepted.to.tag])
    expect(first.first('Subscription-State')).toMatch(/^active;expires=3[56]\d\d$/)
    await office.seat({ '100': 'HD0002' })
    const lit = await shows(peer, 'Messages-Waiting: yes')
    expect([lit.callId, lit.cseq.number > first.cseq.number]).toEqual([accepted.callId, true])
    await logout('HD0002')
    await shows(peer, 'Messages-Waiting: no')
    const { callId, from, to, cseq } = accepted
    const headers = [
      ['Event', 'message-summary'],
      ['Expires', '0'],
    ] as const
    peer.send(
      peer.request({
        method: 'SUBSCRIBE',
        to: to.uri,
        callId,
        fromTag: from.tag,
        toTag: to.tag,
        cseq: cseq.number + 1,
        uri: accepted.contacts[0]?.uri ?? '',
        headers,
      }),
    )
    expect((await peer.hearsResponse(200, 'SUBSCRIBE')).first('Expires')).toBe('0')
    const last = await peer.hears('the last NOTIFY', (message) => message.first('Subscription-State')?.startsWith('terminated') === true)
    expect([last.callId, last.first('Subscription-State')]).toEqual([callId, 'terminated;reason=timeout'])
  }, 60_000)

  it('a subscription goes on after its node was killed, in the same dialog, with the state of then', async () => {
    const both = await phoneOf('HD0002')
    const { peer } = both
    const accepted = await subscribe(both, [['Expires', '600']], 200)
    const first = await shows(peer, 'Messages-Waiting: no')
    await office.redisSays('1', 'HEXISTS', '{hd}:message-subs:paris-1', `${accepted.callId};from-tag=${accepted.from.tag}`)
    const env = sameAddresses(node)
    await node.kill()
    await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0002')
    node = await office.node('paris-1', 'paris', { dialplan, env })
    const lit = await shows(peer, 'Messages-Waiting: yes')
    expect([lit.callId, lit.from.tag, lit.cseq.number > first.cseq.number]).toEqual([accepted.callId, accepted.to.tag, true])
    await logout('HD0002')
    expect((await shows(peer, 'Messages-Waiting: no')).callId).toBe(accepted.callId)
  }, 60_000)

  it('a phone that refuses NOTIFYs unasked is left alone until it registers anew', async () => {
    const { peer, phone } = await phoneOf('HD0003', [])
    const refused = await shows(peer, 'Messages-Waiting: no')
    peer.respond(refused, 489)
    await office.seat({ '101': 'HD0003' })
    await messages('101', { waiting: 'no', new: '0', old: '0' })
    await messages('101', { waiting: 'yes', new: '7', old: '0' })
    await phone.register()
    const next = await shows(peer, 'Messages-Waiting')
    expect(next.body.toString()).toContain('Voice-Message: 7/0')
    peer.respond(next, 200)
    expect(peer.untaken.filter((name) => name === 'SUBSCRIBE')).toEqual([])
  }, 60_000)
})
