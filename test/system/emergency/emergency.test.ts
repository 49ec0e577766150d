import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { Incoming, Phone } from '../../../src/softphones/softphone.js'
import { createSoftphones, type Softphones } from '../../../src/softphones/softphones.js'
import { type Conversation, converse, expectSound, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, dialRefused, logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver, siteElin } from '../../support/sip/carrier.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { openUdpPeer } from '../../support/sip/sip-peer.js'

const elin = { HD0001: '+33199000001', HD0002: '+33199000002', HD0003: '+33199000003', HD0004: '+33199000004' }

/** The section "Emergency" of the behaviour, with an emergency centre that answers at the far end of the site's line. */
describe('an emergency call', () => {
  let office: TestOffice
  let carrier: Carrier
  let node: TestNode
  let centre: Phone
  let desk1: Phone
  let desk2: Phone
  let desk3: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    node = await office.node('paris-1', 'paris', { dialplan: planOver(carrier.address) })
    centre = carrier.line('112', node.udp)
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
    desk3 = await office.phone('HD0003', node)
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await carrier.close()
  })

  // The quiet time of the test before would hold off an operator.
  beforeEach(async () => {
    await office.redis.cli('DEL', ...Object.keys(elin).map((device) => `{hd}:quiet:${device}`))
  })

  function fcall(name: string, ...args: readonly string[]): Promise<string> {
    return office.redis.cli('FCALL', name, '1', '{hd}', ...args)
  }

  async function seat(extension: string, device: string): Promise<void> {
    expect(await fcall('hotdesk_login', extension, device, 'dial-code')).toMatch(/^(LOGGED_IN|MOVED|UNCHANGED|DISPLACED)/)
    await office.settled(extension, device)
  }

  /** What the centre sees of a call that is not answered. */
  async function seen(by: Phone, number: string, at = centre): Promise<Incoming> {
    const dialling = await by.dial(number)
    const ringing = await at.nextCall()
    ringing.reject(486)
    await dialling.result
    return ringing
  }

  describe('from an idle phone', () => {
    it.each([
      ['112', 'as it is'],
      ['0112', 'behind the outside line'],
      ['112#', 'with # behind'],
      ['911', 'as a visitor knows it'],
      ['0911', 'as a visitor knows it, behind the outside line'],
      ['999', 'as the site lists it'],
    ])('%s, dialled %s, reaches the number of this site with the phone’s own number', async (number) => {
      const { invite, callerNumber } = await seen(desk3, number)
      expect(invite.uri).toMatch(/^sip:112@/)
      expect(callerNumber).toBe(elin.HD0003)
    })

    it('is a call like any other once it is answered, and an event and a log line without delay', async () => {
      const begun = await metricOf(node, 'hotdesk_emergency_calls_total')
      const failed = await metricOf(node, 'hotdesk_emergency_failures_total')
      const call = await converse(desk3, '112', centre)
      await expectSound(call)
      const line = await node.logged('call.emergency', ({ device }) => device === 'HD0003')
      expect(line).toMatchObject({ level: 'warn', number: '112', location: 'Paris, 2nd floor, desk 3' })
      const newest = await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '1')
      expect(newest.split('\n').slice(1)).toEqual(['event', 'emergency', 'device', 'HD0003', 'node', 'paris-1'])
      await hangUp(call)
      const last = async (): Promise<string[]> => (await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '1')).split('\n')
      await expect.poll(async () => (await last()).slice(1)).toEqual(['event', 'emergency.answered', 'device', 'HD0003', 'node', 'paris-1'])
      expect(await metricOf(node, 'hotdesk_emergency_calls_total')).toBe(begun + 1)
      expect(await metricOf(node, 'hotdesk_emergency_failures_total')).toBe(failed)
    })
  })

  describe('goes out', () => {
    it('from a phone that is locked out', async () => {
      for (let attempt = 0; attempt < 11; attempt++) await fcall('hotdesk_attempt', String(200 + attempt), 'HD0003')
      expect(await fcall('hotdesk_attempt', '100', 'HD0003')).toMatch(/^LOCKED /)
      expect((await seen(desk3, '112')).callerNumber).toBe(elin.HD0003)
      expect(await fcall('hotdesk_unlock', 'HD0003')).toBe('UNLOCKED HD0003')
    })

    it('from a phone that is being logged out and may call nobody else', async () => {
      await seat('100', 'HD0001')
      await seat('101', 'HD0002')
      const call = await converse(desk2, '100', desk1)
      await office.redisSays('1', 'EXISTS', '{hd}:oncall:HD0001')
      expect(await fcall('hotdesk_logout', 'HD0001')).toMatch(/^DRAINING/)
      await office.follows('device:HD0001', (device) => device?.get('state') === 'draining')
      expect(await dialRefused(desk1, '101')).toBe(480)
      expect((await seen(desk1, '112')).callerNumber).toBe(elin.HD0001)
      await hangUp(call)
    })

    it.each([
      ['disabled', ['HSET', '{hd}:user:102', 'enabled', 'no']],
      ['deleted', ['DEL', '{hd}:user:102']],
    ])('from a phone whose user has just been %s', async (_, edit) => {
      await seat('102', 'HD0002')
      await office.redis.cli(...edit)
      expect((await seen(desk2, '112')).callerNumber).toBe(elin.HD0002)
      await office.furnish()
      await office.redis.cli('HDEL', '{hd}:user:102', 'enabled')
      await office.follows('user:102', (user) => user?.get('name') === 'Chloé' && user.get('enabled') !== 'no')
    })

    it('from a phone whose user is someone who is not in the directory, by a slip of an operator', async () => {
      await fcall('hotdesk_logout', 'HD0003', 'now')
      await office.redis.cli('HSET', '{hd}:devices', 'HD0003', '109')
      await office.settled('109', 'HD0003')
      expect((await seen(desk3, '112')).callerNumber).toBe(elin.HD0003)
      await office.redis.cli('HDEL', '{hd}:devices', 'HD0003')
    })

    describe('unproven', () => {
      let elsewhere: Softphones

      beforeAll(async () => {
        elsewhere = await createSoftphones({ clock: systemClock, log: silentLogger() })
      })

      afterAll(() => elsewhere.close())

      it('from a phone with a wrong password, which answers the challenge wrongly, as the site’s', async () => {
        const phone = elsewhere.phone({ device: 'HD0004', password: new Secret('forgotten'), node: node.udp, domain })
        expect((await phone.register()).status).toBe(401)
        expect((await seen(phone, '112')).callerNumber).toBe(siteElin)
      })

      it('from a phone that is in no directory, as the site’s', async () => {
        const phone = elsewhere.phone({ device: 'HD9999', password: new Secret('whatever'), node: node.udp, domain })
        const { invite, callerNumber } = await seen(phone, '112')
        expect([callerNumber, invite.header('Privacy')]).toEqual([siteElin, ''])
      })
    })
  })

  describe('shows the phone', () => {
    it('and never its user', async () => {
      await seat('100', 'HD0001')
      const { invite } = await seen(desk1, '112')
      for (const name of ['From', 'P-Asserted-Identity']) {
        expect(invite.header(name)).toContain(`<sip:${elin.HD0001}@`)
        expect(invite.header(name)).not.toMatch(/Alice|sip:100@|HD0001/)
      }
      expect(invite.header('Contact')).not.toMatch(/100@|HD0001/)
    })

    it('even if the caller asks for privacy or Max-Forwards is 0', async () => {
      const peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
      const phone = createRawPhone({ peer, device: 'HD0001', password: passwordOf('HD0001'), domain })
      const first = phone.invite('112', { headers: [['Privacy', 'id']] })
      peer.send(first)
      const challenge = await peer.hearsResponse(407)
      // An old phone gives up at an algorithm that it does not know.
      expect(challenge.toBuffer().toString()).not.toContain('SHA-256')
      phone.acknowledge(first, challenge)
      const second = phone.authorized(first, challenge)
      second.set('Privacy', 'id')
      second.set('Max-Forwards', '0')
      peer.send(second)
      const { invite } = await centre.nextCall()
      expect(invite.header('P-Asserted-Identity')).toContain(`<sip:${elin.HD0001}@`)
      expect(invite.header('From')).toContain(`<sip:${elin.HD0001}@`)
      expect([invite.header('Privacy'), invite.header('Max-Forwards')]).toEqual(['', '70'])
      invite.respond(486)
      await peer.hearsResponse(486)
      await peer.close()
    })
  })

  describe('while it is up', () => {
    let call: Conversation

    beforeAll(async () => {
      await seat('100', 'HD0001')
      call = await converse(desk1, '112', centre)
      await office.redisSays('1', 'EXISTS', '{hd}:oncall:HD0001')
    })

    it.each([
      ['a logout', ['hotdesk_logout', 'HD0001']],
      ['a logout that ends calls', ['hotdesk_logout', 'HD0001', 'now']],
      ['the login of somebody else by an operator', ['hotdesk_login', '102', 'HD0001']],
    ] as const)('%s is refused', async (_, [name, ...args]) => {
      expect(await fcall(name, ...args)).toBe('EMERGENCY')
      expect(call.caller.dialog.ended).toBe(false)
    })

    it('the phone may make a second emergency call', async () => {
      expect((await seen(desk1, '112')).callerNumber).toBe(elin.HD0001)
      await expectSound(call)
      await hangUp(call)
    })
  })

  describe('is called back by the centre', () => {
    it('and not without a call before: 404', async () => {
      expect(await dialRefused(centre, '+33199000077')).toBe(404)
      // Only a call without proof was made in its name.
      expect(await dialRefused(centre, elin.HD0004)).toBe(404)
    })

    it('on the same phone, even if nobody is logged in there', async () => {
      await fcall('hotdesk_logout', 'HD0003', 'now')
      await seen(desk3, '112')
      await hangUp(await converse(centre, elin.HD0003, desk3))
    })

    it('on the same phone, even if another user has logged in there and the caller has moved to another phone', async () => {
      await seat('100', 'HD0001')
      await seen(desk1, '112')
      await seat('100', 'HD0002')
      await logIn(desk1, '102')
      await hangUp(await converse(centre, elin.HD0001, desk1))
    })

    it('on that phone, though its user forwards every call', async () => {
      await seat('101', 'HD0002')
      await office.directory.putUser('101', { forwards: { always: '100' } })
      await office.follows('user:101', (user) => user?.get('forwardAlways') === '100')
      await seen(desk2, '112')
      await hangUp(await converse(centre, elin.HD0002, desk2))
      await office.directory.putUser('101', { forwards: { always: null } })
    })

    it('on that phone, though it is being logged out', async () => {
      await seat('101', 'HD0002')
      await seat('100', 'HD0001')
      const call = await converse(desk1, '101', desk2)
      await office.redisSays('1', 'EXISTS', '{hd}:oncall:HD0002')
      expect(await fcall('hotdesk_logout', 'HD0002')).toMatch(/^DRAINING/)
      await office.follows('device:HD0002', (device) => device?.get('state') === 'draining')
      await hangUp(await converse(centre, elin.HD0002, desk2))
      await hangUp(call)
    })
  })

  describe('when a trunk is down', () => {
    let silent: Socket
    let second: TestNode
    let phone: Phone

    beforeAll(async () => {
      silent = createSocket('udp4').bind(0, '127.0.0.1')
      await once(silent, 'listening')
      second = await office.node('paris-2', 'paris', {
        dialplan: planOver(`127.0.0.1:${silent.address().port}`, carrier.address),
        env: { HOTDESK_EMERGENCY_STOP_SECONDS: '1' },
      })
      phone = await office.phone('HD0004', second)
    })

    afterAll(() => void silent.close())

    it('goes out by the next one within seconds, and the next call at once', async () => {
      const began = performance.now()
      await hangUp(await converse(phone, '112', centre))
      expect(performance.now() - began).toBeLessThan(8_000)
      const again = performance.now()
      await hangUp(await converse(phone, '112', centre))
      expect(performance.now() - again).toBeLessThan(4_000)
    })

    it('is left alone when the node ends after its time to wait: its sound does not pass through there', async () => {
      const call = await converse(phone, '112', centre)
      expect(await second.stop()).toBe(0)
      expect([call.caller.dialog.ended, call.callee.dialog.ended]).toEqual([false, false])
      await expectSound(call)
    })
  })

  it('without any trunk gets 503 and leaves the node as it was', async () => {
    const lonely = await office.node('paris-3', 'paris', { dialplan: planOver() })
    const phone = await office.phone('HD0004', lonely)
    expect(await dialRefused(phone, '112')).toBe(503)
    expect(await metricOf(lonely, 'hotdesk_emergency_calls_total')).toBe(1)
    expect(await metricOf(lonely, 'hotdesk_emergency_failures_total')).toBe(1)
    expect(await lonely.logged('call.emergency', ({ level }) => level === 'error')).toMatchObject({ device: 'HD0004', reason: 'no-trunk' })
    const events = await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '5')
    expect(events.split('\n').join(' ')).toContain('event emergency.failed device HD0004 node paris-3 reason no-trunk')
    const login = await dialAnswered(phone, '*77*5*')
    await login.ended
  })
})
