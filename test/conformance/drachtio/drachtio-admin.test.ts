import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createSipd } from '../../../src/sipd/sipd.js'
import { connectWireApplication, listenForSipd, openWireApplication } from '../../support/admin-wire/wire-application.js'
import { shownCertificate, tlsSample } from '../../support/net/tls-sample.js'
import { defaults } from '../../support/node/default-settings.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { offer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let stage: SipdStage
beforeEach(async () => {
  stage = await openSipdStage()
})
afterEach(() => stage.close())

describe('authentication on the admin wire', () => {
  it.each(['ping', 'route|invite', 'remove_route|invite', 'sip||\r\nOPTIONS sip:x@127.0.0.1 SIP/2.0\r\n\r\n', 'proxy|1||||serial|||sip:x'])(
    'is asked for before %j',
    async (text) => {
      const stranger = stage.keep(await connectWireApplication(stage.sipd.admin.port))
      expect((await stranger.command(text)).words.slice(3)).toEqual(['NO', 'not authenticated'])
      await stranger.closed()
    },
  )

  it.each(['wrong', '', 'cymr', 'cymru2'])('fails with the secret %j, and the connection is closed', async (secret) => {
    const stranger = stage.keep(await connectWireApplication(stage.sipd.admin.port))
    expect((await stranger.command(`authenticate|${secret}|`)).words.slice(3)).toEqual(['NO', 'incorrect secret'])
    await stranger.closed()
  })
})

it('a client that has not authenticated within ten seconds is disconnected, and no other', async () => {
  const clock = createManualClock()
  const still = stage.keep(await openSipdStage({ clock }))
  const [application, stranger] = [await still.application([]), stage.keep(await connectWireApplication(still.sipd.admin.port))]
  await expect.poll(async () => (await still.sipd.counts()).applications).toBe(2)
  clock.advance(9_999)
  expect((await application.command('ping')).verdict).toBe('OK')
  expect(stranger.isClosed).toBe(false)
  clock.advance(1)
  await stranger.closed()
  expect((await application.command('ping')).verdict).toBe('OK')
})

describe('invalid commands', () => {
  it.each([
    ['constructor|x', 'Unknown message type'],
    ['', 'Unknown message type'],
    ['route', 'missing verb'],
    ['proxy|1', 'Invalid proxy request: not enough information provided'],
    ['sip', 'Invalid sip request: not enough information provided'],
  ])('%j gets NO, and the connection is closed', async (text, reason) => {
    const application = await stage.application([])
    expect((await application.command(text)).words.slice(3)).toEqual(['NO', reason])
    await application.closed()
  })

  it('a request to tel: and a bare status line are refused, and nothing else happens', async () => {
    const application = await stage.application([])
    expect((await application.request('INVITE', 'tel:+4930123', [], offer)).words[4]).toMatch(/^invalid request-uri/)
    expect((await application.command('sip|some-transaction|\r\nSIP/2.0\r\n\r\n')).verdict).toBe('NOK')
    expect((await application.command('ping')).words.slice(3)).toEqual(['OK', 'pong'])
  })

  it('a proxy command for an unknown transaction, or for a request that cannot be forwarded, is refused', async () => {
    const application = await stage.application(['message'])
    const phone = await stage.udpPeer()
    const words = (transaction: string): string =>
      `proxy|${transaction}||fullResponse||serial|||${phone.uri}\r\nMESSAGE sip:x SIP/2.0\r\n\r\n`
    expect((await application.command(words('none'))).words.slice(3)).toEqual(['NOK', 'Unknown transaction id: none'])
    const message = phone.request({ method: 'MESSAGE' })
    message.set('Max-Forwards', '0')
    phone.send(message)
    const { txnId } = await application.arrives('MESSAGE')
    expect((await application.command(words(txnId))).words[4]).toMatch(/^Rejected with 483/)
    expect(await phone.hearsResponse(483)).toBeDefined()
  })

  it('a header that cannot be sent refuses its command, and nothing else happens', async () => {
    const application = await stage.application([])
    const phone = await stage.udpPeer()
    expect((await application.request('OPTIONS', phone.uri, [['X-One', 'a\rb']])).verdict).toBe('NOK')
    expect((await application.command('ping')).verdict).toBe('OK')
  })

  it('a folded header is sent on one line', async () => {
    const application = await stage.application([])
    const phone = await stage.udpPeer()
    await application.request('OPTIONS', phone.uri, [['X-One', 'a\r\n folded']])
    expect((await phone.hearsRequest('OPTIONS')).first('X-One')).toBe('a folded')
  })
})

describe('several applications', () => {
  it('take turns for requests that several want', async () => {
    const [one, two] = [await stage.application(['options']), await stage.application(['options'])]
    const phone = await stage.udpPeer()
    for (const application of [one, two, one, two]) {
      phone.send(phone.request({ method: 'OPTIONS' }))
      await application.respond(await application.arrives('OPTIONS'), 200)
      await phone.hearsResponse(200)
    }
  })

  it('do not get more requests by a second route for the same method', async () => {
    const [one, two] = [await stage.application(['options', 'options']), await stage.application(['options'])]
    const phone = await stage.udpPeer()
    for (const application of [one, two, one, two]) {
      phone.send(phone.request({ method: 'OPTIONS' }))
      await application.respond(await application.arrives('OPTIONS'), 200)
      await phone.hearsResponse(200)
    }
  })

  it('that remove one route keep the others', async () => {
    const application = await stage.application(['options', 'message'])
    const phone = await stage.udpPeer()
    await application.command('remove_route|options')
    phone.send(phone.request({ method: 'OPTIONS' }))
    expect(await phone.hearsResponse(503)).toBeDefined()
    phone.send(phone.request({ method: 'MESSAGE' }))
    await application.respond(await application.arrives('MESSAGE'), 200)
    expect(await phone.hearsResponse(200)).toBeDefined()
  })

  it('cannot respond for each other', async () => {
    const [owner, stranger] = [await stage.application(['options']), await stage.application([])]
    const phone = await stage.udpPeer()
    phone.send(phone.request({ method: 'OPTIONS' }))
    const arrived = await owner.arrives('OPTIONS')
    expect((await stranger.respond(arrived, 200)).verdict).toBe('NOK')
    expect((await owner.respond(arrived, 200)).verdict).toBe('OK')
  })

  it('that register a route twice have it once', async () => {
    const application = await stage.application(['options', 'options'])
    await application.command('remove_route|options')
    const phone = await stage.udpPeer()
    phone.send(phone.request({ method: 'OPTIONS' }))
    expect(await phone.hearsResponse(503)).toBeDefined()
  })

  it('may name themselves with tags', async () => {
    const application = stage.keep(await openWireApplication({ port: stage.sipd.admin.port, tags: 'one,two' }))
    expect((await application.command('ping')).verdict).toBe('OK')
  })
})

describe('outbound mode: an application that we connect to', () => {
  const route = (port: number) => ({ method: 'INVITE', protocol: 'tcp' as const, address: '127.0.0.1', port })

  it('gets the request as soon as it has authenticated, and responds on this connection', async () => {
    const listening = stage.keep(await listenForSipd())
    const outbound = stage.keep(await openSipdStage({ outbound: [route(listening.port)] }))
    const phone = await outbound.udpPeer()
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    const application = stage.keep(await listening.connected())
    expect(application.untaken).toEqual([])
    expect((await application.command('authenticate|cymru|one')).verdict).toBe('OK')
    await application.respond(await application.arrives('INVITE'), 486)
    expect(await phone.hearsResponse(486)).toBeDefined()
  })

  it('is replaced by a 480 if it does not know the secret, or is unreachable', async () => {
    const listening = stage.keep(await listenForSipd())
    const outbound = stage.keep(await openSipdStage({ outbound: [route(listening.port)] }))
    const phone = await outbound.udpPeer()
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    const application = stage.keep(await listening.connected())
    expect((await application.command('authenticate|wrong|')).verdict).toBe('NO')
    expect(await phone.hearsResponse(480)).toBeDefined()
    await listening.close()
    phone.send(phone.request({ method: 'INVITE', body: offer }))
    expect(await phone.hearsResponse(480)).toBeDefined()
  })

  it('leaves other methods to those that connect to us', async () => {
    const outbound = stage.keep(await openSipdStage({ outbound: [route(9)] }))
    const application = await outbound.application(['options'])
    const phone = await outbound.udpPeer()
    phone.send(phone.request({ method: 'OPTIONS' }))
    await application.respond(await application.arrives('OPTIONS'), 200)
    expect(await phone.hearsResponse(200)).toBeDefined()
  })
})

describe('the admin wire over TLS', () => {
  it('shows the certificate of the server, and a renewed one to new connections', async () => {
    const sipd = stage.keep(
      await createSipd({
        listen: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
        advertise: null,
        admin: { address: '127.0.0.1', port: 0, protocol: 'tls' },
        tls: tlsSample('first'),
        secret: new Secret('cymru'),
        timers: defaults.sip.timers,
        clock: systemClock,
        log: silentLogger(),
      }),
    )
    expect(await shownCertificate(sipd.admin.port)).toBe('hotdesk test first')
    await sipd.renewTls(tlsSample('second'))
    expect(await shownCertificate(sipd.admin.port)).toBe('hotdesk test second')
  })
})
