import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SipRequest } from '../../../src/sip/message/message.js'
import { listenForSipd, openWireApplication } from '../../support/admin-wire/wire-application.js'
import { openWebServer } from '../../support/net/web-server.js'
import { offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let kept: { close(): Promise<void> }[]
beforeEach(() => {
  kept = []
})
afterEach(async () => {
  for (const thing of kept.reverse()) await thing.close()
})

function keep<Thing extends { close(): Promise<void> }>(thing: Thing): Thing {
  kept.push(thing)
  return thing
}

interface Advised {
  readonly stage: SipdStage
  readonly phone: SipPeer
  readonly asked: readonly URL[]
}

/** A server whose INVITEs are decided by a web server that always says the same. */
async function advisedTo(advice: unknown, status = 200, when?: Promise<void>): Promise<Advised> {
  const web = keep(await openWebServer({ status, text: JSON.stringify(advice), ...(when && { when }) }))
  const stage = keep(await openSipdStage({ outbound: [{ method: 'INVITE', protocol: 'http', url: `${web.url}/calls?site=paris` }] }))
  return { stage, phone: await stage.udpPeer(), asked: web.asked }
}

describe('a request handler over HTTP', () => {
  it('learns who calls whom from which address, and may reject', async () => {
    const { phone, asked } = await advisedTo({ action: 'reject', data: { status: 486, reason: 'At Lunch' } })
    const invite = phone.request({ method: 'INVITE', uri: 'sip:+33199@paris.example;user=phone', body: offer })
    invite.set('Content-Type', 'application/sdp')
    phone.send(invite)
    expect(await phone.hearsResponse(486)).toMatchObject({ reason: 'At Lunch' })
    expect(asked).toHaveLength(1)
    expect(asked[0]?.pathname).toBe('/calls')
    expect(Object.fromEntries(asked[0]?.searchParams ?? [])).toMatchObject({
      site: 'paris',
      method: 'INVITE',
      domain: 'paris.example',
      protocol: 'udp',
      source_address: '127.0.0.1',
      uriUser: '+33199',
      contentType: 'application/sdp',
      uri: 'sip:+33199@paris.example;user=phone',
      user: 'phone',
    })
  })

  it('may redirect', async () => {
    const { phone } = await advisedTo({ action: 'redirect', data: { contacts: ['sip:one@192.0.2.1', 'sip:two@192.0.2.2'] } })
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    const { contacts } = await phone.hearsResponse(302)
    expect(contacts.map(({ uri }) => uri)).toEqual(['sip:one@192.0.2.1', 'sip:two@192.0.2.2'])
  })

  it('may have the request forwarded', async () => {
    const place = { port: 9 }
    const callee = keep(await openUdpPeer(place))
    const advice = { action: 'proxy', data: { destination: callee.uri, recordRoute: true, finalTimeout: '20s' } }
    const { stage, phone } = await advisedTo(advice)
    place.port = stage.udp
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    const invite = await callee.hearsRequest('INVITE')
    expect(invite.has('Record-Route')).toBe(true)
    callee.respond(invite, 486)
    expect(await phone.hearsResponse(486)).toBeDefined()
  })

  it('may name an application that waits for a connection', async () => {
    const listening = keep(await listenForSipd())
    const { phone } = await advisedTo({ action: 'route', data: { uri: `127.0.0.1:${listening.port};transport=tcp` } })
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    const application = keep(await listening.connected())
    expect((await application.command('authenticate|cymru|')).verdict).toBe('OK')
    await application.respond(await application.arrives('INVITE'), 486)
    expect(await phone.hearsResponse(486)).toBeDefined()
  })

  it('may name connected applications by a tag: they take turns, and no other gets the request', async () => {
    const { stage, phone } = await advisedTo({ action: 'route', data: { tag: 'blue' } })
    const open = async (tags: string) => keep(await openWireApplication({ port: stage.sipd.admin.port, tags, verbs: ['invite'] }))
    const [red, blue, second] = [await open('red'), await open('green,blue'), await open('blue')]
    for (const application of [blue, second, blue]) {
      phone.send(phone.request({ method: 'INVITE', body: offer }))
      await application.respond(await application.arrives('INVITE'), 603)
      expect(await phone.hearsResponse(603)).toBeDefined()
    }
    expect(red.untaken).toEqual([])
  })

  it('gets only the requests of its method', async () => {
    const { stage, phone, asked } = await advisedTo({ action: 'reject', data: { status: 486 } })
    const application = await stage.application(['options'])
    phone.send(phone.request({ method: 'OPTIONS' }))
    await application.respond(await application.arrives('OPTIONS'), 200)
    expect(await phone.hearsResponse(200)).toBeDefined()
    expect(asked).toEqual([])
  })

  it.each([
    ['advises nothing that is known', { action: 'sing' }, 200],
    ['rejects with a status that is none', { action: 'reject', data: { status: 200 } }, 200],
    ['names an application that is not there', { action: 'route', data: { tag: 'nobody' } }, 200],
    ['names no place', { action: 'route', data: { uri: 'somewhere' } }, 200],
    ['has a reason of two lines', { action: 'reject', data: { status: 486, reason: 'At\r\nLunch' } }, 200],
    ['redirects to two lines', { action: 'redirect', data: { contacts: ['sip:a@b.example\r\nX: y'] } }, 200],
    ['passes on to two lines', { action: 'proxy', data: { destination: 'sip:a@b.example\r\nX: y' } }, 200],
    ['says too much', { action: 'reject', data: { status: 486, reason: 'x'.repeat(70_000) } }, 200],
    ['fails', {}, 500],
  ])('that %s causes a 480', async (_, advice, status) => {
    const { phone } = await advisedTo(advice, status)
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    expect(await phone.hearsResponse(480)).toBeDefined()
  })

  it('that is unreachable causes a 480', async () => {
    const stage = keep(await openSipdStage({ outbound: [{ method: '*', protocol: 'http', url: 'http://127.0.0.1:9/' }] }))
    const phone = await stage.udpPeer()
    phone.send(phone.request({ method: 'MESSAGE' }))
    expect(await phone.hearsResponse(480)).toBeDefined()
  })

  it('does not delay a caller who gives up', async () => {
    const silent = keep(await openWebServer('silent'))
    const stage = keep(await openSipdStage({ outbound: [{ method: 'INVITE', protocol: 'http', url: silent.url }] }))
    const phone = await stage.udpPeer()
    const invite = phone.request({ method: 'INVITE', body: offer })
    phone.send(invite)
    await phone.hearsResponse(100)
    await giveUp(phone, invite)
  })

  it('that names an application too late causes no connection for a caller who has given up', async () => {
    const listening = keep(await listenForSipd())
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { stage, phone } = await advisedTo({ action: 'route', data: { uri: `127.0.0.1:${listening.port}` } }, 200, held)
    const invite = phone.request({ method: 'INVITE', body: offer })
    phone.send(invite)
    await phone.hearsResponse(100)
    await giveUp(phone, invite)
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    await phone.hearsResponse(100)
    release()
    const application = keep(await listening.connected())
    await application.command('authenticate|cymru|')
    await application.respond(await application.arrives('INVITE'), 486)
    expect((await stage.sipd.counts()).applications).toBe(1)
  })
})

async function giveUp(phone: SipPeer, { uri, topVia: { branch }, callId, from, cseq }: SipRequest): Promise<void> {
  phone.send(phone.request({ method: 'CANCEL', uri, branch: branch ?? '', callId, fromTag: from.tag, cseq: cseq.number }))
  await phone.hearsResponse(487)
}
