import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SipMessage, SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import type { Dialling, Phone } from '../../../src/softphones/softphone.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { planOver } from '../../support/sip/carrier.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { type HeaderList, offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** Two nodes of one site. 100 is logged in at a phone of each, 101 calls, and 102 is at the second node. */
describe('forwards', () => {
  let office: TestOffice
  let trunk: SipPeer
  let voicemail: SipPeer
  let desk: SipPeer
  let farDesk: SipPeer
  let other: SipPeer
  let caller: Phone
  const towards = { port: 9 }

  beforeAll(async () => {
    office = await openTestOffice()
    ;[trunk, voicemail] = [await openUdpPeer(towards), await openUdpPeer(towards)]
    const plan = JSON.parse(planOver(trunk.address)) as { trunks: Record<string, object>; voicemail?: object }
    plan.trunks['line-1'] = { ...plan.trunks['line-1'], diversion: 'both' }
    plan.trunks.mailbox = { uri: `sip:${voicemail.address};transport=udp` }
    plan.voicemail = { trunk: 'mailbox', number: '*97' }
    const dialplan = JSON.stringify(plan)
    const node = await office.node('paris-1', 'paris', { dialplan })
    const second = await office.node('paris-2', 'paris', { dialplan })
    towards.port = Number(node.udp.split(':')[1])
    await office.directory.putUser('100', { secondLogin: 'allow', voicemail: 'none' })
    desk = await contact('HD0001', node)
    farDesk = await contact('HD0003', second)
    await office.directory.putDevice('HD0007', { site: 'paris', hotdesk: true, password: passwordOf('HD0007'), location: 'desk 7' })
    await office.follows('device:HD0007', (device) => device !== undefined)
    other = await contact('HD0007', second)
    caller = await office.phone('HD0002', node)
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0007' })
    expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0003')).toBe('LOGGED_IN')
    await office.settled('100', 'HD0003')
  }, 60_000)

  afterAll(async () => {
    for (const peer of [desk, farDesk, other, trunk, voicemail]) await peer.close()
    await office.close()
  })

  async function contact(device: string, { udp }: TestNode): Promise<SipPeer> {
    const peer = await openUdpPeer({ port: Number(udp.split(':')[1]) }, ['NOTIFY', 'CANCEL', 'BYE'])
    await createRawPhone({ peer, device, password: passwordOf(device), domain }).register()
    return peer
  }

  async function forward(when: string, number: string): Promise<void> {
    expect(await office.redis.cli('HSET', '{hd}:user:100', `forward${when}`, number)).toMatch(/^[01]$/)
    await office.follows('user:100', (user) => user?.get(`forward${when}`) === number)
  }

  async function noForwards(): Promise<void> {
    await office.redis.cli(
      'HDEL',
      '{hd}:user:100',
      ...['Always', 'Busy', 'NoAnswer', 'NotLoggedIn', 'NotReachable'].map((when) => `forward${when}`),
    )
    await office.follows('user:100', (user) => user?.get('forwardBusy') === undefined && user?.get('forwardAlways') === undefined)
  }

  async function refusal({ result }: Dialling): Promise<number | string> {
    const dialled = await result
    return dialled.outcome === 'failed' ? dialled.answer.status : dialled.outcome
  }

  /** A call from the trunk. Resolves to its final status. */
  function delivered(number: string, headers: HeaderList = []): Promise<number> {
    const address = `sip:${number}@127.0.0.1`
    const invite = trunk.request({ method: 'INVITE', uri: address, to: address, headers, body: offer })
    trunk.send(invite)
    return finalOf(invite)
  }

  async function finalOf(invite: SipRequest): Promise<number> {
    const isFinal = (message: SipMessage): boolean =>
      message.kind === 'response' && message.callId === invite.callId && message.status >= 200
    const final = (await trunk.hears('the final response', isFinal)) as SipResponse
    createRawPhone({ peer: trunk, device: 'carrier', password: passwordOf('HD0001'), domain }).acknowledge(invite, final)
    return final.status
  }

  function refuse(peer: SipPeer, invite: SipRequest, status: number): Promise<SipRequest> {
    peer.respond(invite, status)
    return peer.hearsNewRequest('ACK')
  }

  it('all phones of a user ring together, also those at another node, and the first answer wins', async () => {
    const dialling = await caller.dial('100')
    const [near, far] = [await desk.hearsNewRequest('INVITE'), await farDesk.hearsNewRequest('INVITE')]
    desk.respond(near, 180)
    farDesk.respond(far, 200, [], offer)
    expect((await desk.hearsRequest('CANCEL')).first('Reason')).toContain('cause=200')
    const dialled = await dialling.result
    if (dialled.outcome === 'failed') throw new Error(`failed with ${dialled.answer.status}`)
    await dialled.call.hangUp()
    await refuse(desk, near, 487)
  })

  it('a second call rings a phone that is in a call: the phone decides whether it is busy', async () => {
    const dialling = await caller.dial('102')
    other.respond(await other.hearsNewRequest('INVITE'), 200, [], offer)
    const dialled = await dialling.result
    const second = delivered('+33199000102')
    const waiting = await other.hearsNewRequest('INVITE')
    other.respond(waiting, 180)
    await trunk.hearsResponse(180, 'INVITE')
    await refuse(other, waiting, 486)
    await refuse(voicemail, await voicemail.hearsNewRequest('INVITE'), 404)
    expect(await second).toBe(486)
    if (dialled.outcome === 'failed') throw new Error(`failed with ${dialled.answer.status}`)
    await dialled.call.hangUp()
  })

  it.each([
    [486, 'Busy', 'user-busy', 486],
    [600, 'Busy', 'user-busy', 600],
    [603, 'Busy', 'user-busy', 603],
    [404, 'NotReachable', 'unavailable', 480],
    [408, 'NotReachable', 'unavailable', 480],
    [604, 'NotReachable', 'unavailable', 480],
    [480, null, null, 480],
  ] as const)(
    'a phone that responds %i: forward %s, Diversion %s, and without a forward the caller hears %i',
    async (status, when, reason, heard) => {
      await noForwards()
      const both = async (): Promise<unknown> => {
        const [near, far] = [await desk.hearsNewRequest('INVITE'), await farDesk.hearsNewRequest('INVITE')]
        return Promise.all([refuse(desk, near, status), refuse(farDesk, far, status)])
      }
      const plain = await caller.dial('100')
      await both()
      expect(await refusal(plain)).toBe(heard)
      if (when !== null) await forward(when, '00612345678')
      const dialling = await caller.dial('100')
      await both()
      if (reason !== null) {
        const invite = await trunk.hearsNewRequest('INVITE')
        expect(invite.uri).toContain('sip:+33612345678@')
        expect(invite.first('Diversion')).toContain(`<sip:+33199000100@127.0.0.1>;reason=${reason};counter=1`)
        await refuse(trunk, invite, 404)
      }
      expect(await refusal(dialling)).toBe(reason === null ? heard : 404)
    },
  )

  it('for no answer carries History-Info with the whole tree, and with the user who is called first', async () => {
    await noForwards()
    await office.directory.putUser('100', { ringSeconds: 1 })
    await forward('NoAnswer', '00612345678')
    const dialling = await caller.dial('100')
    desk.respond(await desk.hearsNewRequest('INVITE'), 180)
    await farDesk.hearsNewRequest('INVITE')
    const invite = await trunk.hearsNewRequest('INVITE')
    expect(invite.first('History-Info')).toMatch(/<sip:\+33199000100@127\.0\.0\.1\?Reason=SIP%3Bcause%3D408>;index=1/)
    expect(invite.toBuffer().toString()).toMatch(/<sip:\+33612345678@127\.0\.0\.1:[0-9]+;transport=udp;cause=408>;index=1\.1;mp=1/)
    await refuse(trunk, invite, 404)
    expect(await refusal(dialling)).toBe(404)
  }, 30_000)

  it('to a user at another node: the phone is shown who has forwarded, here and before', async () => {
    await noForwards()
    await forward('Always', '102')
    const final = delivered('+33199000100', [['Diversion', '"Boss" <sip:+441234@carrier.example>;reason=no-answer']])
    const invite = await other.hearsNewRequest('INVITE')
    const values = invite.toBuffer().toString()
    expect(values).toMatch(
      /Diversion: "[^"]+" <sip:100@[^>]+>;reason=unconditional;counter=1;privacy=off, <sip:\+441234@[^>]+>;reason=no-answer/,
    )
    await refuse(other, invite, 486)
    await refuse(voicemail, await voicemail.hearsNewRequest('INVITE'), 404)
    expect(await final).toBe(486)
  })

  it('of a call that comes back through another network end with 482', async () => {
    await noForwards()
    await forward('Always', '00612345678')
    expect(await delivered('+33199000100', [['Diversion', '<sip:+33199000100@carrier.example>;reason=unconditional, <<<;;;']])).toBe(482)
    expect(
      await delivered('+33199000100', [
        ['History-Info', '<sip:+33612345678@c?Reason=SIP%3Bcause%3D486>;index=1, <sip:x@c>;index=1.1;mp=1'],
      ]),
    ).toBe(482)
  })

  it('by a phone at another node (302) carry the reason that the phone gives', async () => {
    await noForwards()
    const dialling = await caller.dial('102')
    const contacts = `<sip:%2A99@nowhere.example>;q=0.9, <sip:00-6.12(34)5678@${domain}>;q=0.8, <sip:101@${domain}>;q=0.1`
    const headers: HeaderList = [
      ['Contact', contacts],
      ['Diversion', `<sip:102@${domain}>;reason=do-not-disturb`],
    ]
    const asked = await other.hearsNewRequest('INVITE')
    other.respond(asked, 302, headers)
    const invite = await trunk.hearsNewRequest('INVITE')
    expect(invite.first('Diversion')).toContain('<sip:+33199000102@127.0.0.1>;reason=do-not-disturb')
    await refuse(trunk, invite, 404)
    expect(await refusal(dialling)).toBe(404)
  })

  it('to voicemail name the mailbox and the cause, and the caller hears the refusal of the phone if the server fails (RFC 4458)', async () => {
    await noForwards()
    const dialling = await caller.dial('102')
    await refuse(other, await other.hearsNewRequest('INVITE'), 486)
    const invite = await voicemail.hearsNewRequest('INVITE')
    expect(invite.uri).toMatch(/^sip:\*97@127\.0\.0\.1:[0-9]+;transport=udp;target=sip:102%40127\.0\.0\.1;cause=486$/)
    expect(invite.first('Diversion')).toContain('reason=user-busy')
    await refuse(voicemail, invite, 404)
    expect(await refusal(dialling)).toBe(486)
  })

  describe('messages waiting (RFC 3842)', () => {
    const mwi = (from: SipPeer, body: string, { event = 'message-summary', to = '102' } = {}): void => {
      const headers: HeaderList = [
        ['Event', event],
        ['Subscription-State', 'active'],
        ['Content-Type', 'application/simple-message-summary'],
      ]
      const uri = `sip:${to}@127.0.0.1`
      const notify = from.request({ method: 'NOTIFY', uri, to: uri, headers })
      notify.body = Buffer.from(body)
      from.send(notify)
    }
    const kept = async (): Promise<string> => (await office.redis.cli('HGETALL', '{hd}:messages:102')).replaceAll('\n', ' ')

    it('of the voicemail server are kept, with an event', async () => {
      mwi(voicemail, 'Messages-Waiting: yes\r\nMessage-Account: sip:102@vm.example\r\nVoice-Message: 2/8 (0/2)\r\n', { to: 'anybody' })
      await voicemail.hearsResponse(200, 'NOTIFY')
      await office.follows('messages:102', (messages) => messages?.get('new') === '2')
      expect(await kept()).toBe('waiting yes new 2 old 8')
      expect(await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '20')).toMatch(
        /messages\nuser\n102\nwaiting\nyes\nnew\n2/,
      )
      mwi(voicemail, 'Messages-Waiting: no\n')
      await voicemail.hearsResponse(200, 'NOTIFY')
      await office.follows('messages:102', (messages) => messages?.get('waiting') === 'no' && !messages.has('new'))
    })

    it.each([
      ['of another trunk', () => trunk, 'Messages-Waiting: yes', {}, 481],
      ['of a phone', () => desk, 'Messages-Waiting: yes', {}, 481],
      ['of another event', () => voicemail, 'Messages-Waiting: yes', { event: 'presence' }, 481],
      ['for a mailbox of nobody', () => voicemail, 'Messages-Waiting: yes', { to: '999' }, 404],
      ['without a word about messages', () => voicemail, 'garbage', {}, 400],
    ] as const)('%s are refused', async (_, from, body, parts, status) => {
      const before = await kept()
      mwi(from(), body, parts)
      await from().hearsResponse(status, 'NOTIFY')
      expect(await kept()).toBe(before)
    })

    it('are forgotten with the user', async () => {
      mwi(voicemail, 'Messages-Waiting: yes')
      await office.follows('messages:102', (messages) => messages?.get('waiting') === 'yes')
      await office.redis.cli('DEL', '{hd}:user:102')
      await office.follows('messages:102', (messages) => messages === undefined)
    })
  })
})
