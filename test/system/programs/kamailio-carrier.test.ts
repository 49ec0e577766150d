import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { tlsSample, tlsSampleFiles } from '../../support/net/tls-sample.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { dialRefused, logIn } from '../../support/node/login.js'
import { networkSecret, type TestNode } from '../../support/node/node.js'
import { until } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type Kamailio, startKamailio } from '../../support/programs/kamailio.js'
import { inDialog, offer, openTcpServer, openTlsServer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** Kamailio is the carrier: registrar and border proxy. The office is reachable by its registration alone. */
let office: TestOffice
let world: SipPeer
let carrier: Kamailio
let node: TestNode
let sister: TestNode
let desk: Phone
let operator: CommandLine
/** Carriers of which the test plays the registrar. */
let others: Readonly<Record<'tcp' | 'tls', SipPeer>>

const towards = { port: 9 }

beforeAll(async () => {
  world = await openUdpPeer(towards)
  carrier = await startKamailio('carrier', world.address)
  towards.port = carrier.port
  others = { tcp: await openTcpServer(), tls: await openTlsServer(tlsSample('first')) }
  office = await openTestOffice()
  node = await office.node('paris-1', 'paris', { dialplan: plan(carrier), env: overTls })
  await node.logged('trunk.registered', ({ trunk }) => trunk === 'carrier')
  operator = await openCommandLine(office.redis, networkSecret)
  desk = await office.phone('HD0001', node)
  await logIn(desk, '100')
}, 60_000)

afterAll(async () => {
  await operator.close()
  await office.close()
  for (const other of Object.values(others)) await other.close()
  await carrier.close()
  await world.close()
})

const { certificate, key } = tlsSampleFiles('first')
const overTls = {
  HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:0,tcp://127.0.0.1:0,tls://127.0.0.1:0',
  HOTDESK_SIP_TLS_CERTIFICATE: certificate,
  HOTDESK_SIP_TLS_KEY: key,
  NODE_EXTRA_CA_CERTS: certificate,
}

function plan({ address }: Kamailio): string {
  const byTest = (protocol: 'tcp' | 'tls') => {
    const uri = `sip:127.0.0.1:${others[protocol].port};transport=${protocol}`
    return { uri, register: 'yes', username: `paris-${protocol}`, password: 'carrier-pw-78', callerId: '+33199000000' }
  }
  const account = { username: 'paris', password: 'carrier-pw-77', callerId: '+33199000000' }
  return JSON.stringify({
    site: 'paris',
    elin: '+33199000000',
    extensions: ['10X'],
    outside: '0',
    // The address of nobody: calls of the trunk are recognised by the registration.
    trunks: {
      carrier: { uri: `sip:${address}`, from: ['192.0.2.99'], register: 'yes', ...account },
      tcp: byTest('tcp'),
      tls: byTest('tls'),
    },
    routes: [{ match: '0Z.', strip: 1, prepend: '+33', trunks: ['carrier'] }],
    dids: { '+3319900010X': '10X', '+33199000000': '100' },
  })
}

/** A call from somewhere in the world to the account of the office; the number is in To. */
function callsFrom(peer: SipPeer, uri: string, number: string): void {
  peer.send(peer.request({ method: 'INVITE', uri, to: `sip:${number}@carrier.example`, body: offer }))
}

async function isRegistered({ http }: TestNode): Promise<boolean> {
  return (await (await fetch(`${http}/metrics`)).text()).includes('hotdesk_trunk_registered{trunk="carrier"} 1')
}

describe('a trunk by registration', () => {
  it('is registered with a digest, and the metric shows it', async () => {
    expect(await isRegistered(node)).toBe(true)
  })

  it('RFC 3608: takes calls along its service route, and only with the credentials of the account', async () => {
    const dialling = dialRefused(desk, '00123456789')
    const invite = await world.hearsRequest('INVITE')
    expect([invite.uri, invite.vias.length, invite.has('Proxy-Authorization')]).toEqual([`sip:+33123456789@${carrier.address}`, 2, false])
    world.respond(invite, 486)
    expect(await dialling).toBe(486)
  })

  it('delivers a call to our Contact, which rings the user whose number is in To', async () => {
    const ringing = desk.nextCall()
    callsFrom(world, `sip:paris@${carrier.address}`, '+33199000100')
    const call = await ringing
    await world.hearsResponse(180, 'INVITE')
    call.reject(486)
    await world.hearsResponse(486, 'INVITE')
  })

  it('delivers a call to the account itself to the number of the trunk', async () => {
    const ringing = desk.nextCall()
    callsFrom(world, `sip:paris@${carrier.address}`, 'paris')
    ;(await ringing).reject(486)
    await world.hearsResponse(486, 'INVITE')
  })

  it.each(['tcp', 'tls'] as const)(
    'registers over %s, and takes calls over the connection that it has opened (RFC 5626 §5.3)',
    async (protocol) => {
      const registrar = others[protocol]
      registrar.respond(await registrar.hearsRequest('REGISTER'), 401, [['WWW-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5']])
      const register = await registrar.hearsRequest('REGISTER')
      const contact = register.contacts[0]?.uri ?? ''
      expect([register.first('Authorization'), contact]).toEqual([
        expect.stringContaining(`username="paris-${protocol}"`),
        expect.stringMatching(new RegExp(`^sip:trunk-[0-9a-f]{32}@127[.]0[.]0[.]1:[0-9]+;transport=${protocol}$`)),
      ])
      registrar.respond(register, 200, [['Contact', `<${contact}>;expires=600`]])
      await node.logged('trunk.registered', ({ trunk }) => trunk === protocol)
      const ringing = desk.nextCall()
      callsFrom(registrar, contact, '+33199000100')
      ;(await ringing).reject(486)
      await registrar.hearsResponse(486, 'INVITE')
      await registrar.close()
    },
  )

  it('of two nodes at one site the first registers, and a draining one gives way at once; its calls go on', async () => {
    sister = await office.node('paris-2', 'paris', { dialplan: plan(carrier), env: overTls })
    expect(await isRegistered(sister)).toBe(false)
    const ringing = desk.nextCall()
    const invite = world.request({
      method: 'INVITE',
      uri: `sip:paris@${carrier.address}`,
      to: 'sip:+33199000100@carrier.example',
      body: offer,
    })
    world.send(invite)
    await (await ringing).answer()
    const answered = await world.hearsResponse(200, 'INVITE')
    world.send(world.request(inDialog(invite, answered, { method: 'ACK' })))
    expect(await operator.hotdesk('drain', '--node', 'paris-1', '--stay', '--no-wait')).toMatchObject({ code: 0, err: '' })
    await sister.logged('trunk.registered', ({ trunk }) => trunk === 'carrier')
    await until(
      'paris-1 is not registered',
      () => isRegistered(node),
      (isStill) => !isStill,
    )
    // The desk is still registered at the draining node.
    const second = desk.nextCall()
    callsFrom(world, `sip:paris@${carrier.address}`, '+33199000100')
    ;(await second).reject(486)
    await world.hearsResponse(486, 'INVITE')
    world.send(world.request(inDialog(invite, answered, { method: 'BYE', cseq: 2 })))
    await world.hearsResponse(200, 'BYE')
  })

  it('a node that is no longer drained registers again', async () => {
    expect(await operator.hotdesk('undrain', '--node', 'paris-1')).toMatchObject({ code: 0 })
    await node.logged('trunk.registered', ({ trunk }) => trunk === 'carrier')
  })

  it('a node that stops gives way to the other, which takes the calls', async () => {
    const desk2 = await office.phone('HD0001', sister)
    await office.follows('reg:HD0001', (hash) => hash?.get('node') === 'paris-2')
    expect(await node.stop()).toBe(0)
    await sister.logged('trunk.registered', ({ trunk }) => trunk === 'carrier')
    const ringing = desk2.nextCall()
    callsFrom(world, `sip:paris@${carrier.address}`, '+33199000100')
    ;(await ringing).reject(486)
    await world.hearsResponse(486, 'INVITE')
  })

  it('removes its registration when the last node stops', async () => {
    expect(await sister.stop()).toBe(0)
    callsFrom(world, `sip:paris@${carrier.address}`, '+33199000100')
    await world.hearsResponse(480, 'INVITE')
  })
})
