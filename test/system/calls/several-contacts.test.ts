import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import type { Dialling, Phone } from '../../../src/softphones/softphone.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

const graceMs = 300
const answers = ['NOTIFY', 'CANCEL', 'BYE']

/** A user at a phone whose restart has left a contact behind, and a user at another node whose phone forwards by itself. */
describe('a phone that refuses a call', () => {
  let office: TestOffice
  let live: SipPeer
  let stale: SipPeer
  let far: SipPeer
  let caller: Phone
  let third: Phone
  const seen = new Set<string>()

  beforeAll(async () => {
    office = await openTestOffice()
    const node = await office.node('paris-1', 'paris', { env: { HOTDESK_CALLS_BUSY_GRACE_MILLISECONDS: String(graceMs) } })
    const second = await office.node('paris-2')
    stale = await contact('HD0001', node)
    live = await contact('HD0001', node)
    far = await contact('HD0003', second)
    caller = await office.phone('HD0002', node)
    await office.directory.putUser('103', { name: 'Dora', home: 'paris' })
    await office.directory.putDevice('HD0007', { site: 'paris', hotdesk: true, password: passwordOf('HD0007'), location: 'desk 7' })
    await office.follows('device:HD0007', (device) => device !== undefined)
    third = await office.phone('HD0007', node)
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0003', '103': 'HD0007' })
  }, 60_000)

  afterAll(async () => {
    for (const peer of [live, stale, far]) await peer.close()
    await office.close()
  })

  async function contact(device: string, { udp }: TestNode): Promise<SipPeer> {
    const peer = await openUdpPeer({ port: Number(udp.split(':')[1]) }, answers)
    await createRawPhone({ peer, device, password: passwordOf(device), domain }).register()
    return peer
  }

  /** The INVITE of a call that was not seen before: to a contact that says nothing, the earlier ones come again and again. */
  async function newInvite(peer: SipPeer): Promise<SipRequest> {
    const found = await peer.hears(
      'a new INVITE',
      (message) => message.kind === 'request' && message.method === 'INVITE' && !seen.has(message.callId),
    )
    seen.add(found.callId)
    return found as SipRequest
  }

  async function refusal({ result }: Dialling): Promise<number | string> {
    const dialled = await result
    return dialled.outcome === 'failed' ? dialled.answer.status : dialled.outcome
  }

  /** Both contacts are called; the live one responds. */
  async function livesResponse(status: number): Promise<Dialling> {
    const dialling = await caller.dial('100')
    const invite = await newInvite(live)
    await newInvite(stale)
    live.respond(invite, status)
    return dialling
  }

  it.each([
    [486, 486],
    [480, 480],
    [600, 600],
    [603, 603],
  ])('with %i beside a silent contact: the caller hears %i after a short grace', async (status, told) => {
    const began = systemClock.now()
    expect(await refusal(await livesResponse(status))).toBe(told)
    expect(systemClock.now() - began).toBeLessThan(4_000)
  })

  it('with 486 beside another contact that rings: it rings on', async () => {
    const dialling = await caller.dial('100')
    const ringing = await newInvite(stale)
    stale.respond(ringing, 180)
    const busy = await newInvite(live)
    live.respond(busy, 486)
    await live.hearsRequest('ACK')
    let isOver = false
    void dialling.result.then(() => {
      isOver = true
    })
    await pause(systemClock, 2 * graceMs)
    expect(isOver).toBe(false)
    stale.respond(ringing, 486)
    expect(await refusal(dialling)).toBe(486)
  })

  it('with 486 beside a silent contact: the forward for a busy phone takes the call', async () => {
    await office.directory.putUser('100', { forwards: { busy: '103' } })
    await office.follows('user:100', (user) => user?.get('forwardBusy') === '103')
    const dialling = await livesResponse(486)
    const { invite, reject } = await third.nextCall()
    expect(invite.header('From')).toContain('sip:101@')
    reject(486)
    expect(await refusal(dialling)).toBe(486)
  })

  it('with 302 at another node: the caller’s node follows it, and knows a loop', async () => {
    const dialling = await caller.dial('102')
    far.respond(await newInvite(far), 302, [['Contact', `<sip:103@${domain}>`]])
    ;(await third.nextCall()).reject(486)
    expect(await refusal(dialling)).toBe(486)
    const again = await caller.dial('102')
    far.respond(await newInvite(far), 302, [['Contact', `<sip:102@${domain}>`]])
    expect(await refusal(again)).toBe(482)
  })

  it('with 302 of a user who may not forward: the caller hears that nobody is there', async () => {
    await office.directory.putUser('102', { mayForward: false })
    await office.follows('user:102', (user) => user?.get('mayForward') === 'no')
    const dialling = await caller.dial('102')
    far.respond(await newInvite(far), 302, [['Contact', `<sip:103@${domain}>`]])
    expect(await refusal(dialling)).toBe(480)
  })
})
