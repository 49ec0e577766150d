import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SipRequest } from '../../../src/sip/message/message.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { planOver } from '../../support/sip/carrier.js'
import { openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** A voicemail server to which the node subscribes (RFC 6665, RFC 3842). 100 has no voicemail, 101 has. */
describe('a subscription to a mailbox', () => {
  let office: TestOffice
  let server: SipPeer
  const towards = { port: 9 }
  /** RFC 3261 §12.2.1.1: strictly increasing in a dialog. */
  let notifies = 0

  beforeAll(async () => {
    office = await openTestOffice()
    server = await openUdpPeer(towards)
    for (const extension of ['100', '102']) await office.directory.putUser(extension, { voicemail: 'none' })
    const plan = JSON.parse(planOver('127.0.0.1:9')) as { trunks: Record<string, object>; voicemail?: object }
    plan.trunks.mailbox = { uri: `sip:${server.address};transport=udp` }
    plan.voicemail = { trunk: 'mailbox', mailbox: '7{extension}', subscribe: 'yes' }
    const node = await office.node('paris-1', 'paris', { dialplan: JSON.stringify(plan) })
    towards.port = Number(node.udp.split(':')[1])
  }, 60_000)

  afterAll(async () => {
    await server.close()
    await office.close()
  })

  function notify(subscribe: SipRequest, state: string, body: string): void {
    const headers = [
      ['Event', 'message-summary'],
      ['Subscription-State', state],
      ['Content-Type', 'application/simple-message-summary'],
    ] as const
    const [to, toTag, fromTag] = [subscribe.from.uri, subscribe.from.tag, server.tag]
    const uri = subscribe.contacts[0]?.uri ?? to
    const request = server.request({ method: 'NOTIFY', uri, to, toTag, fromTag, callId: subscribe.callId, cseq: ++notifies, headers })
    request.body = Buffer.from(body)
    server.send(request)
  }

  it('is made for each user with voicemail, and its first NOTIFY sets the numbers; one that the server ends is made again', async () => {
    const subscribe = await server.hearsNewRequest('SUBSCRIBE')
    expect(subscribe.uri).toContain('sip:7101@127.0.0.1')
    expect([subscribe.first('Event'), subscribe.first('Accept')]).toEqual(['message-summary', 'application/simple-message-summary'])
    server.respond(subscribe, 200, [['Expires', '600']])
    notify(subscribe, 'active;expires=600', 'Messages-Waiting: yes\r\nVoice-Message: 3/1\r\n')
    await server.hearsResponse(200, 'NOTIFY')
    await office.follows('messages:101', (messages) => messages?.get('new') === '3')
    notify(subscribe, 'terminated;reason=deactivated', '')
    await server.hearsResponse(200, 'NOTIFY')
    const again = await server.hearsNewRequest('SUBSCRIBE')
    expect(again.callId).not.toBe(subscribe.callId)
    server.respond(again, 200, [['Expires', '600']])
    await office.directory.putUser('101', { voicemail: 'none' })
    const last = await server.hearsNewRequest('SUBSCRIBE')
    expect([last.callId, last.to.tag, last.first('Expires')]).toEqual([again.callId, server.tag, '0'])
    expect(last.cseq.number).toBeGreaterThan(again.cseq.number)
    server.respond(last, 200, [['Expires', '0']])
    notify(again, 'terminated;reason=timeout', 'Messages-Waiting: yes\r\nVoice-Message: 9/9\r\n')
    await server.hearsResponse(200, 'NOTIFY')
    expect(await office.redis.cli('HGET', '{hd}:messages:101', 'new')).toBe('3')
    await office.directory.putUser('102', { voicemail: 'sip:7102@127.0.0.1' })
    await office.directory.putUser('102', { home: 'paris' })
    const other = await server.hearsNewRequest('SUBSCRIBE')
    expect(other.uri).toContain('sip:7102@127.0.0.1')
    server.respond(other, 489)
  }, 30_000)

  it('RFC 6665 §4.1.3: a NOTIFY that matches no subscription MUST get 481, also one of the server about something else', async () => {
    const headers = [
      ['Event', 'keep-alive'],
      ['Subscription-State', 'active'],
    ] as const
    server.send(
      server.request({ method: 'NOTIFY', uri: 'sip:101@hotdesk.test', to: 'sip:101@hotdesk.test', callId: 'no-subscription', headers }),
    )
    await server.hearsResponse(481, 'NOTIFY')
  })
})
