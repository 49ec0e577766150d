import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dialled } from '../../../src/sip/uri/dialled.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { dialRefused } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { openUdpPeer } from '../../support/sip/sip-peer.js'

const elin = { HD0001: '+33199000001', HD0002: '+33199000002' }

describe('an emergency call goes out', () => {
  let office: TestOffice
  let carrier: Carrier
  let node: TestNode
  let centre: Phone
  let desk1: Phone
  let desk2: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    node = await office.node('paris-1', 'paris', { dialplan: planOver(carrier.address) })
    centre = carrier.line('112', node.udp)
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await carrier.close()
  })

  async function logIn(user: string, device: string): Promise<void> {
    expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', user, device, 'dial-code')).toMatch(/^LOGGED_IN/)
    await office.settled(user, device)
  }

  /** The number that the centre is shown. */
  async function shownBy(desk: Phone, number: string): Promise<string> {
    const dialling = await desk.dial(number)
    const call = await centre.nextCall()
    call.reject(486)
    await dialling.result
    return call.callerNumber
  }

  it('may be the home number of a visitor if their site allows it, and not of others', async () => {
    const london = JSON.stringify({ ...(JSON.parse(planOver(carrier.address)) as object), site: 'london', emergency: { '998': '112' } })
    const home = await office.node('london-1', 'london', { dialplan: london })
    await office.redis.cli('HSET', '{hd}:user:102', 'home', 'london')
    await office.follows('user:102', (user) => user?.get('home') === 'london')
    await office.follows('site:london', (record) => record?.get('emergency')?.split(' ').includes('998') === true)
    await logIn('102', 'HD0002')
    await logIn('101', 'HD0001')
    expect(await dialRefused(desk1, '998')).toBe(404)
    expect(await shownBy(desk2, '998')).toBe(elin.HD0002)
    expect(await home.stop()).toBe(0)
    expect(await shownBy(desk2, '0998')).toBe(elin.HD0002)
    // Whoever hides the own number is known only by the password.
    const peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
    const phone = createRawPhone({ peer, device: 'HD0002', password: passwordOf('HD0002'), domain })
    await office.redis.cli('DEL', '{hd}:quiet:HD0002')
    const { final } = phone.dial('998', { headers: [['From', '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=abcdef']] })
    const { invite, callerNumber } = await centre.nextCall()
    expect([invite.header('Privacy'), callerNumber]).toEqual(['', elin.HD0002])
    invite.respond(486)
    expect((await final).answer.status).toBe(486)
    await office.redisSays('1', 'EXISTS', '{hd}:quiet:HD0002')
    await peer.close()
    await office.redis.cli('HSET', '{hd}:user:102', 'home', 'paris')
    await office.follows('user:102', (user) => user?.get('home') === 'paris')
  })

  it.each(['urn:service:sos', 'urn:service:sos.ambulance', 'tel:112'])('from a phone that asks for %s', async (uri) => {
    const peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
    const phone = createRawPhone({ peer, device: 'HD0002', password: passwordOf('HD0002'), domain })
    const { final } = phone.dial('112', { uri })
    const { invite, callerNumber } = await centre.nextCall()
    expect([dialled(invite.uri), callerNumber]).toEqual(['112', elin.HD0002])
    invite.respond(486)
    expect((await final).answer.status).toBe(486)
    await peer.close()
  })
})
