import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SipRequest } from '../../../src/sip/message/message.js'
import type { Incoming, Phone } from '../../../src/softphones/softphone.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { planOver } from '../../support/sip/carrier.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { type HeaderList, offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** Callers from outside who call themselves as somebody inside. */
describe('a call from a trunk', () => {
  let office: TestOffice
  let trunk: SipPeer
  let node: TestNode
  let desk: Phone
  let farDesk: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    const towards = { port: 0 }
    trunk = await openUdpPeer(towards)
    node = await office.node('paris-1', 'paris', { dialplan: planOver(trunk.address) })
    const second = await office.node('paris-2')
    towards.port = Number(node.udp.split(':')[1])
    desk = await office.phone('HD0001', node)
    farDesk = await office.phone('HD0002', second)
    await office.seat({ '100': 'HD0001', '101': 'HD0002' })
  }, 60_000)

  afterAll(async () => {
    await trunk.close()
    await office.close()
  })

  function call(number: string, from: string, headers: HeaderList = []): SipRequest {
    const request = trunk.request({ method: 'INVITE', to: `sip:${number}@${node.udp}`, body: offer, headers })
    request.set('From', `${from};tag=${crypto.randomUUID()}`)
    trunk.send(request)
    return request
  }

  async function shown(at: Phone, number: string, from: string, headers: HeaderList = []): Promise<Incoming> {
    const request = call(number, from, headers)
    const ringing = await at.nextCall()
    ringing.reject(486)
    await trunk.hears('486', (message) => message.kind === 'response' && message.status === 486 && message.callId === request.callId)
    return ringing
  }

  it.each([
    ['an extension', '"Boss Alice" <sip:100@x>', `<sip:0100@${domain}>`],
    ['an extension at our domain', `<sip:101@${domain}>`, `<sip:0101@${domain}>`],
    ['an extension with escapes', '<sip:%31%30%31@x>', `<sip:0101@${domain}>`],
    ['an extension as a telephone number', '<tel:1-01;phone-context=x>', `<sip:0101@${domain}>`],
    ['a phone', '"HD0001" <sip:HD0001@x>', `<sip:anonymous@${domain}>`],
    ['a name of ours beside a number outside', '"Alice" <sip:+33612345678@x>', `<sip:+33612345678@${domain}>`],
    ['a caller of its own', '"Jo" <sip:+33612345678@x>', `"Jo" <sip:+33612345678@${domain}>`],
    ['a code', '<sip:*77*5*@x>', `<sip:anonymous@${domain}>`],
  ])('in the name of %s is not asserted', async (_, from, expected) => {
    for (const [phone, number] of [
      [desk, '+33199000100'],
      [farDesk, '+33199000101'],
    ] as const) {
      const { invite } = await shown(phone, number, from)
      expect(invite.header('From').split(';tag')[0]).toBe(expected)
      expect(invite.header('P-Asserted-Identity')).toBe('')
    }
  })

  it('with an asserted identity that is one of ours is shown as outside', async () => {
    const headers: HeaderList = [
      ['P-Asserted-Identity', `"Alice" <sip:100@${domain}>`],
      ['Remote-Party-ID', `"Alice" <sip:100@${domain}>;party=calling;screen=yes`],
      ['Diversion', `"Alice" <sip:100@${domain}>`],
      ['History-Info', `<sip:100@${domain}>;index=1`],
    ]
    const { invite } = await shown(desk, '+33199000100', '<sip:+33612345678@x>', headers)
    expect(invite.header('P-Asserted-Identity')).toBe(`<sip:0100@${domain}>`)
    expect(['Remote-Party-ID', 'Diversion', 'History-Info'].map((name) => invite.header(name))).toEqual(['', '', ''])
  })

  it.each([
    ['a%20b', 'a%20b'],
    ['12%2334', '12%2334'],
    ['%2A31%2A', '*31*'],
    ['a%40b', 'a%40b'],
    ['a%22%3E,%3Csip%3Ab', 'a%22%3E,%3Csip%3Ab'],
    ['a%0D%0AVia%3A%20b', 'a%0D%0AVia%3A%20b'],
    ['a%3Btag=1', 'a%3Btag=1'],
    ['M%C3%BCller', 'M%C3%BCller'],
  ])('of %s reaches the phone, as %s', async (user, encoded) => {
    const { invite } = await shown(desk, '+33199000100', `"x\\"\\\\" <sip:${user}@x>`)
    expect(invite.header('From').split(';tag=')[0]).toBe(`"x\\"\\\\" <sip:${encoded}@${domain}>`)
  })

  it.each<readonly [string, string, HeaderList]>([
    ['by Privacy', '"Jo" <sip:+33687654321@x>', [['Privacy', 'user;ID']]],
    ['by an anonymous From', '"Anonymous" <sip:anonymous@anonymous.invalid>', [['P-Asserted-Identity', '"Jo" <tel:+33687654321>']]],
    [
      'by several Privacy headers',
      '"Jo" <sip:+33687654321@x>',
      [
        ['Privacy', 'session'],
        ['privacy', 'ID'],
      ],
    ],
  ])(
    'of somebody who hides %s is shown as nobody, at a phone, at a phone of another node, and in the call log',
    async (_, from, headers) => {
      const places = [
        [desk, '+33199000100', '100'],
        [farDesk, '+33199000101', '101'],
      ] as const
      for (const [phone, number, extension] of places) {
        await office.redis.cli('DEL', `{hd}:calls:${extension}`)
        const { invite } = await shown(phone, number, from, headers)
        expect(invite.header('From').split(';tag')[0]).toBe('"Anonymous" <sip:anonymous@anonymous.invalid>')
        expect([invite.header('P-Asserted-Identity'), invite.header('Privacy')]).toEqual(['', 'id'])
        const log = () => office.redis.cli('XRANGE', `{hd}:calls:${extension}`, '-', '+')
        await expect.poll(log).toContain('anonymous')
        expect(await log()).not.toMatch(/Jo\b|87654321/)
      }
    },
  )

  it('RFC 3323 §5: whose caller wants privacy of the session or no call gets 500, and the value that is not supported', async () => {
    const request = call('+33199000100', '"Jo" <sip:+33687654321@x>', [['Privacy', 'session;critical']])
    const refused = await trunk.hearsResponse(500, 'INVITE')
    expect([refused.callId, refused.first('Warning')]).toEqual([request.callId, '399 hotdesk "Privacy not supported: session"'])
  })

  it('of a colleague who hides is shown as nobody as well, and the caller keeps the call in their own log', async () => {
    await office.redis.cli('DEL', '{hd}:calls:101')
    const peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) }, ['NOTIFY'])
    const colleague = createRawPhone({ peer, device: 'HD0003', password: passwordOf('HD0003'), domain })
    await colleague.register()
    await office.seat({ '102': 'HD0003' })
    const dialling = colleague.dial('101', { headers: [['Privacy', 'id']] })
    const { invite, reject } = await farDesk.nextCall()
    expect(invite.header('From').split(';tag')[0]).toBe('"Anonymous" <sip:anonymous@anonymous.invalid>')
    expect(invite.header('P-Asserted-Identity')).toBe('')
    reject(486)
    expect((await dialling.final).answer.status).toBe(486)
    const log = (extension: string) => office.redis.cli('XRANGE', `{hd}:calls:${extension}`, '-', '+')
    await expect.poll(() => log('102')).toMatch(/callerName\s+Chloé/)
    await expect.poll(() => log('101')).toContain('anonymous')
    expect(await log('101')).not.toMatch(/Chloé|HD0003/)
    await peer.close()
  })

  it('is forwarded to the outside without our assertion of its number', async () => {
    await office.directory.putUser('102', { forwards: { always: '00612345678' } })
    await office.follows('user:102', (user) => user?.get('forwardAlways') === '00612345678')
    for (const [from, expected] of [
      ['<sip:100@x>', '<sip:0100@127.0.0.1>'],
      ['<sip:+33687654321@x>', '<sip:+33687654321@127.0.0.1>'],
    ] as const) {
      call('+33199000102', from)
      const out = await trunk.hearsRequest('INVITE')
      expect(out.first('From')?.split(';tag=')[0]).toBe(expected)
      expect(out.has('P-Asserted-Identity')).toBe(false)
      trunk.respond(out, 486)
      await trunk.hearsResponse(486)
    }
  })

  it('of somebody who hides is forwarded to the outside as nobody', async () => {
    call('+33199000102', '"Jo" <sip:+33687654321@x>', [
      ['P-Asserted-Identity', '"Jo" <tel:+33687654321>'],
      ['Privacy', 'id'],
    ])
    const out = await trunk.hearsRequest('INVITE')
    expect(out.first('From')?.split(';tag=')[0]).toBe('"Anonymous" <sip:anonymous@anonymous.invalid>')
    expect([out.first('Privacy'), out.has('P-Asserted-Identity')]).toEqual(['id', false])
    expect(String(out.toBuffer())).not.toContain('687654321')
    trunk.respond(out, 486)
    await trunk.hearsResponse(486)
  })
})
