import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { Secret } from '../../../../src/base/secret.js'
import { type Branch, bestOf, type Fork, fork } from '../../../../src/calls/dial/fork.js'
import { createSrf, type SipApplication } from '../../../../src/srf/srf.js'
import { createManualClock, type ManualClock } from '../../../support/process/manual-clock.js'
import { offer, type SipPeer } from '../../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../../support/sip/sipd-stage.js'

const graceMs = 2_000

/** Contacts of one user. */
describe('a call to several contacts', () => {
  let stage: SipdStage
  let srf: SipApplication
  let clock: ManualClock
  let first: SipPeer
  let second: SipPeer
  let third: SipPeer
  let heard: number[]

  beforeEach(async () => {
    stage = await openSipdStage({ reportsTrying: true })
    const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru'), reportsTrying: true }
    srf = stage.keep(await createSrf({ admin, log: silentLogger() }))
    clock = createManualClock()
    first = await stage.udpPeer()
    second = await stage.udpPeer()
    third = await stage.udpPeer()
    heard = []
  })
  afterEach(() => stage.close())

  const branchTo = ({ uri }: SipPeer): Branch => ({ uri, parts: {}, device: null })

  function call(...branches: readonly Branch[]): Fork {
    const limits = { ringMs: 60_000, silenceMs: 32_000, noProgressMs: 60_000, graceMs }
    const onFinal = ({ status }: { status: number }): void => void heard.push(status)
    return fork({ srf, clock, branches, sdp: offer, ...limits, onProvisional: onFinal, onFinal })
  }

  /** Responds, and waits until the call knows. */
  async function says(peer: SipPeer, ...statuses: readonly number[]): Promise<void> {
    const invite = await peer.hearsRequest('INVITE')
    for (const status of statuses) {
      const before = heard.length
      peer.respond(invite, status)
      await expect.poll(() => heard.length).toBe(before + 1)
    }
  }

  const isOver = async ({ result }: Fork): Promise<boolean> => {
    const still = Symbol('still')
    return (await Promise.race([result, Promise.resolve(still)])) !== still
  }

  async function statusOf({ result }: Fork): Promise<unknown> {
    const outcome = await result
    return outcome.outcome === 'failed' ? outcome.response.status : outcome.outcome
  }

  it.each([
    [486, [], 486],
    [486, [100], 486],
    [302, [100], 302],
    [480, [], 480],
    [488, [], 488],
    [403, [], 403],
  ])('ends after a grace if one responds %i, beside one that responds %j', async (status, other, told) => {
    const ringing = call(branchTo(first), branchTo(second))
    await says(second, ...other)
    await says(first, status)
    clock.advance(graceMs - 1)
    expect(await isOver(ringing)).toBe(false)
    clock.advance(1)
    expect(await statusOf(ringing)).toBe(told)
    if (other.length > 0) await second.hearsRequest('CANCEL')
  })

  it.each([600, 603])('ends at once if one responds %i', async (status) => {
    const ringing = call(branchTo(first), branchTo(second))
    await says(second, 180)
    await says(first, status)
    expect(await statusOf(ringing)).toBe(status)
    await second.hearsRequest('CANCEL')
  })

  it.each([
    ['486, and another rings', 486, [180]],
    ['486, and another rings silently', 486, [183]],
    ['480, and another has said 100', 480, [100]],
    ['404, which says nothing of the user', 404, []],
    ['503, which says nothing of the user', 503, []],
  ])('continues if one responds %s', async (_, status, other) => {
    const ringing = call(branchTo(first), branchTo(second))
    await says(second, ...other)
    await says(first, status)
    clock.advance(30_000)
    expect(await isOver(ringing)).toBe(false)
    ringing.cancel('')
    expect(await statusOf(ringing)).toBe('cancelled')
  })

  it('keeps a contact that begins to ring within the grace; once this one has refused, the silent one is given up at once', async () => {
    const ringing = call(branchTo(first), branchTo(second), branchTo(third))
    await says(first, 486)
    clock.advance(graceMs - 1)
    const late = await second.hearsRequest('INVITE')
    second.respond(late, 180)
    await expect.poll(() => heard).toContain(180)
    clock.advance(10_000)
    expect(await isOver(ringing)).toBe(false)
    second.respond(late, 480)
    expect(await statusOf(ringing)).toBe(486)
  })

  it('gives up the silent contacts when the ringing one is logged out', async () => {
    const device = 'HD0002' as NonNullable<Branch['device']>
    const ringing = call(branchTo(first), { ...branchTo(second), device }, branchTo(third))
    await says(second, 180)
    await says(first, 486)
    clock.advance(graceMs)
    expect(await isOver(ringing)).toBe(false)
    ringing.withdraw(device)
    expect(await statusOf(ringing)).toBe(486)
  })
})

describe('the response to the caller', () => {
  const answer = (status: number) => ({ status, reason: '', header: () => '', body: '' })
  it.each([
    [[408, 486], 486],
    [[486, 302], 302],
    [[486, 305], 486],
    [[380, 404], 404],
    [[480, 486, 603], 603],
    [[503, 480], 480],
  ])('for %j is %i', (statuses, told) => {
    expect(bestOf(statuses.map(answer)).status).toBe(told)
  })
})
