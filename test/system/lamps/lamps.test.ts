import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DeviceId, Extension } from '../../../src/base/identity.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectSound, hangUp } from '../../support/node/conversation.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { refer } from '../../support/node/referral.js'
import { openCarrier, planOver } from '../../support/sip/carrier.js'
import { openWatcher, stateIn, type Watch, type Watcher } from '../../support/sip/watcher.js'

/** 100 sits at HD0001 and 102 at HD0003 of paris-1, 101 at HD0002 of paris-2. 103 at HD0005 of paris-1 watches, and nobody sits at HD0004 there. */
describe('a lamp', () => {
  let office: TestOffice
  let node: TestNode
  let dialplan: string
  let desks: Readonly<Record<'alice' | 'bob' | 'chloe', Phone>>
  let watcher: Watcher

  const portOf = ({ udp }: TestNode): number => Number(udp.split(':')[1])
  const watcherAt = (device: string): Promise<Watcher> => openWatcher({ device, password: passwordOf(device), domain, port: portOf(node) })

  beforeAll(async () => {
    office = await openTestOffice()
    const carrier = await openCarrier()
    const plan = JSON.parse(planOver(carrier.address)) as object
    await carrier.close()
    const shortCodes = {
      '*8.': { feature: 'pick-up' },
      '*21*.': { feature: 'forward-always' },
      '*26': { feature: 'do-not-disturb' },
      '*20': { feature: 'do-not-disturb-toggle' },
      '*70.': { feature: 'park' },
    }
    dialplan = JSON.stringify({ ...plan, shortCodes, rights: { blind: { lamps: 'none' }, discreet: { lamps: 'state' } } })
    node = await office.node('paris-1', 'paris', { dialplan })
    const other = await office.node('paris-2', 'paris', { dialplan })
    await office.directory.putUser('103', { name: 'Dora', home: 'paris' })
    await office.directory.putDevice('HD0005', { site: 'paris', hotdesk: true, password: passwordOf('HD0005'), location: 'desk 5' })
    await office.follows('device:HD0005', (device) => device !== undefined)
    desks = {
      alice: await office.phone('HD0001', node),
      bob: await office.phone('HD0002', other),
      chloe: await office.phone('HD0003', node),
    }
    await office.seat({ 100: 'HD0001', 101: 'HD0002', 102: 'HD0003', 103: 'HD0005' })
  }, 60_000)

  afterAll(() => office.close())

  beforeEach(async () => {
    watcher = await watcherAt('HD0005')
    return () => watcher.close()
  })

  /** Alice calls Bob, who answers when the lamp blinks. */
  async function blinking(watch: Watch): Promise<{ readonly early: string; readonly call: Conversation }> {
    const dialling = await desks.alice.dial('101')
    const ringing = await desks.bob.nextCall()
    const early = (await watch.shows('early')).body.toString()
    const callee = await ringing.answer()
    const dialled = await dialling.result
    if (dialled.outcome === 'failed') throw new Error('the call was not answered')
    return { early, call: { caller: dialled.call, callee } }
  }

  async function fcall(...words: readonly string[]): Promise<void> {
    await office.redis.cli('FCALL', words[0] ?? '', '1', '{hd}', ...words.slice(1))
  }

  it('of a user at another node blinks while their phone rings, is lit during the call, and goes out', async () => {
    const watch = await watcher.subscribe('101')
    expect([watch.final.status, stateIn(await watch.next())]).toEqual([200, 'terminated'])
    const { early, call } = await blinking(watch)
    expect(early).toContain('direction="recipient"')
    expect(early).toContain('<identity display="Alice">sip:100@hotdesk.test</identity>')
    await watch.shows('confirmed')
    await hangUp(call)
    expect(versionOf(await watch.shows('terminated'))).toBe(3)
  })

  it('of the caller is lit, and never blinks', async () => {
    const watch = await watcher.subscribe('100')
    await watch.next()
    const call = await converse(desks.alice, '101', desks.bob)
    expect(stateIn(await watch.next())).toBe('confirmed')
    await hangUp(call)
    expect(stateIn(await watch.next())).toBe('terminated')
  })

  it('tells "not logged in" and "do not disturb" from idle, in dialog and in presence', async () => {
    const [dialog, presence] = [await watcher.subscribe('102'), await watcher.subscribe('102', { event: 'presence' })]
    expect([stateIn(await dialog.next()), stateIn(await presence.next())]).toEqual(['terminated', 'open'])
    await fcall('hotdesk_logout', 'HD0003')
    expect((await dialog.shows('confirmed')).body.toString()).toContain('Not logged in')
    expect((await presence.shows('closed')).body.toString()).toContain('<rpid:away/>')
    await office.seat({ 102: 'HD0003' })
    await dialog.shows('terminated')
    await presence.shows('open')
    await office.directory.putUser('102', { doNotDisturb: true })
    expect((await dialog.shows('confirmed')).body.toString()).toContain('Do not disturb')
    expect((await presence.shows('closed')).body.toString()).toContain('<rpid:busy/>')
    await office.directory.putUser('102', { doNotDisturb: false })
    await dialog.shows('terminated')
  })

  it('of a phone is lit while somebody is logged in at it, and that of a feature while it is on', async () => {
    const [free, dnd, forward] = [await watcher.subscribe('HD0004'), await watcher.subscribe('*26'), await watcher.subscribe('*21*101#')]
    for (const watch of [free, dnd, forward]) expect(stateIn(await watch.next())).toBe('terminated')
    await office.directory.putUser('103', { doNotDisturb: true, forwards: { always: '101' } })
    for (const watch of [dnd, forward]) await watch.shows('confirmed')
    await office.directory.putUser('103', { doNotDisturb: false, forwards: { always: '102' } })
    for (const watch of [dnd, forward]) await watch.shows('terminated')
    await office.directory.putUser('103', { forwards: { always: null } })
  })

  it('of an orbit is lit while a call is parked there, at whatever node of the site', async () => {
    const watch = await watcher.subscribe('*701')
    expect(stateIn(await watch.next())).toBe('terminated')
    const { caller, callee } = await converse(desks.alice, '101', desks.bob)
    expect((await refer(callee, `<sip:*701@${domain}>`)).response.status).toBe(202)
    await watch.shows('confirmed')
    await caller.hangUp()
    await watch.shows('terminated')
  })

  it('of the login code is lit when somebody logs in at the phone; before that the phone watches nothing else', async () => {
    const idle = await watcherAt('HD0004')
    const seat = await idle.subscribe('*77*')
    expect(stateIn(await seat.next())).toBe('terminated')
    expect((await idle.subscribe('101')).final.status).toBe(403)
    await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '102', 'HD0004')
    expect(stateIn(await seat.next())).toBe('confirmed')
    const watch = await idle.subscribe('101')
    expect(stateIn(await watch.next())).toBe('terminated')
    await fcall('hotdesk_logout', 'HD0004')
    expect(stateIn(await watch.next())).toBe('terminated;reason=deactivated')
    expect(stateIn(await seat.next())).toBe('terminated')
    await idle.close()
    await office.seat({ 102: 'HD0003' })
  })

  it('ends when the phone gets another owner, who may not see what the first one watched', async () => {
    await office.directory.putUser('104', { name: 'Emil', home: 'paris', doNotDisturb: true })
    await office.directory.putDevice('HD0006', { site: 'paris', hotdesk: false, password: passwordOf('HD0006'), owner: '102' })
    await office.follows('device:HD0006', (device) => device?.get('owner') === '102')
    const owned = await watcherAt('HD0006')
    const [dnd, colleague] = [await owned.subscribe('*26'), await owned.subscribe('101')]
    expect([stateIn(await dnd.next()), stateIn(await colleague.next())]).toEqual(['terminated', 'terminated'])
    await office.directory.putDevice('HD0006', { owner: '104' })
    for (const watch of [dnd, colleague]) expect(stateIn(await watch.next())).toBe('terminated;reason=deactivated')
    expect(stateIn(await (await owned.subscribe('*26')).next())).toBe('confirmed')
    await owned.close()
    await office.directory.removeDevice('HD0006' as DeviceId)
    await office.directory.removeUser('104' as Extension)
  })

  it('of a list has all lamps of the user, and then those that change (RFC 4662 §5.2)', async () => {
    await office.redis.cli('HSET', '{hd}:user:103', 'keys', 'line, blf:101="Bob", blf:102, dnd, park:1, forward:101')
    await office.follows('user:103', (user) => user?.get('keys') !== undefined)
    expect((await watcher.subscribe('lamps')).final.status).toBe(421)
    const accept = 'multipart/related, application/rlmi+xml, application/dialog-info+xml'
    const list = await watcher.subscribe('lamps', { accept, headers: [['Supported', 'eventlist']] })
    expect(list.final.first('Require')).toBe('eventlist')
    const first = (await list.next()).body.toString()
    expect(first).toContain('fullState="true"')
    // No code of this site forwards by one key.
    expect(first.match(/<resource uri="sip:[^@]+@/g)).toEqual(['101', '102', '*20', '*701'].map((name) => `<resource uri="sip:${name}@`))
    const call = await converse(desks.alice, '101', desks.bob)
    const next = (await list.next()).body.toString()
    expect(next).toContain('fullState="false"')
    expect(next.match(/<resource /g)).toHaveLength(1)
    await hangUp(call)
  })

  it('that blinks has what a phone needs to pick the call up by Replaces, at whatever node it rings (RFC 3891 §3)', async () => {
    const watch = await watcher.subscribe('101')
    const dialling = await desks.alice.dial('101')
    const ringing = await desks.bob.nextCall()
    const early = (await watch.shows('early')).body.toString()
    const [, callId = '', local = '', remote = ''] = /call-id="([^"]+)" local-tag="([^"]+)" remote-tag="([^"]+)"/.exec(early) ?? []
    const picked = await (await desks.chloe.dial('101', { Replaces: `${callId};to-tag=${local};from-tag=${remote}` })).result
    const answered = await dialling.result
    if (picked.outcome === 'failed' || answered.outcome === 'failed') throw new Error('the call was not picked up')
    expect(await ringing.cancelled).toContain('cause=200')
    await expectSound({ caller: answered.call, callee: picked.call })
    await watch.shows('terminated')
    await hangUp({ caller: answered.call, callee: picked.call })
  })

  it('shows what the rights of the user allow', async () => {
    await office.directory.putUser('103', { rights: 'blind' })
    await office.follows('user:103', (user) => user?.get('rights') === 'blind')
    expect((await watcher.subscribe('101')).final.status).toBe(403)
    await office.directory.putUser('103', { rights: 'discreet' })
    await office.follows('user:103', (user) => user?.get('rights') === 'discreet')
    const watch = await watcher.subscribe('101')
    await watch.next()
    const { early, call } = await blinking(watch)
    expect(early).not.toContain('Alice')
    await hangUp(call)
    await office.directory.putUser('103', { rights: null })
  })

  it.each([
    ['an address that has no lamp', '999999', {}, 404],
    ['an emergency number', '112', {}, 404],
    ['another type of document', '101', { accept: 'text/plain' }, 406],
    ['a few seconds only', '101', { expires: 5 }, 423],
    ['another event package', '101', { event: 'conference' }, 489],
  ] as const)('is refused for %s (RFC 6665 §4.2.1)', async (_what, name, parts, status) => {
    expect((await watcher.subscribe(name, parts)).final.status).toBe(status)
  })

  it('is shown once for Expires: 0, and is ended by it (RFC 6665 §4.4.3)', async () => {
    const once = await watcher.subscribe('101', { expires: 0 })
    const only = await once.next()
    expect([stateIn(only), only.body.toString().includes('<state>terminated</state>')]).toEqual(['terminated;reason=timeout', true])
    const watch = await watcher.subscribe('101')
    await watch.next()
    expect((await watch.again(0)).status).toBe(200)
    expect(stateIn(await watch.next())).toBe('terminated;reason=timeout')
  })

  it('goes on after its node was killed: in the same dialog, with a higher version, and it can be refreshed', async () => {
    const watch = await watcher.subscribe('101')
    const before = versionOf(await watch.next())
    await expect.poll(() => office.redis.cli('HVALS', '{hd}:subs:paris-1')).toContain(watch.callId)
    const env = sameAddresses(node)
    await node.kill()
    node = await office.node('paris-1', 'paris', { dialplan, env })
    const restored = await watch.next()
    expect(stateIn(restored)).toBe('terminated')
    expect(versionOf(restored)).toBeGreaterThan(before)
    expect((await watch.again(600)).status).toBe(200)
    await watch.next()
    await office.directory.putUser('101', { doNotDisturb: true })
    await watch.shows('confirmed')
    await office.directory.putUser('101', { doNotDisturb: false })
  })
})

function versionOf(notify: SipRequest): number {
  return Number(/version="([0-9]+)"/.exec(notify.body.toString())?.[1])
}
