import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { converse, expectSound, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { networkSecret, type TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, type TestOffice } from '../../support/node/office.js'
import { refer, replacing } from '../../support/node/referral.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

/** Two nodes of one site share its phones. */
describe('hotdesk drain', () => {
  let office: TestOffice
  let carrier: Carrier
  let desk: CommandLine
  let first: TestNode
  let second: TestNode
  let alice: Phone
  let bob: Phone
  let idle: Phone
  let centre: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    const dialplan = planOver(carrier.address)
    first = await office.node('paris-1', 'paris', { dialplan })
    second = await office.node('paris-2', 'paris', { dialplan })
    centre = carrier.line('112', first.udp)
    alice = await office.phone('HD0001', first)
    bob = await office.phone('HD0002', second)
    idle = await office.phone('HD0003', first)
    await office.seat({ '100': 'HD0001', '101': 'HD0002' })
    desk = await openCommandLine(office.redis, networkSecret)
  }, 60_000)

  afterAll(async () => {
    await desk.close()
    await office.close()
    await carrier.close()
  })

  const readiness = async (node: TestNode): Promise<number> => (await fetch(`${node.http}/readyz`)).status

  it('keeps calls, refuses new ones but not emergency calls, takes calls for its phones, and sends phones to the sister', async () => {
    const conversation = await converse(alice, '101', bob)
    const begun = await desk.hotdesk('drain', '--node', 'paris-1', '--stay', '--no-wait')
    expect(begun).toMatchObject({ code: 0, out: 'paris-1: 1 call in progress; 2 phones still registered here' })
    expect([await readiness(first), await readiness(second)]).toEqual([503, 200])
    await expectUndisturbed(conversation)
    await hangUp(conversation)
    const refused = await alice.dial('101')
    expect(await refused.result).toMatchObject({ outcome: 'failed', answer: { status: 503 } })
    await hangUp(await converse(alice, '112', centre))
    // The phone is still here, so the sister hands its calls to this node.
    await hangUp(await converse(bob, '100', alice))
    const registered = await idle.register()
    expect([registered.status, registered.header('Retry-After')]).toEqual([503, '60'])
    expect((await bob.register()).status).toBe(200)
    // The emergency centre may call back.
    expect((await alice.register()).status).toBe(200)
  })

  it('undrain takes it back', async () => {
    expect(await desk.hotdesk('undrain', '--node', 'paris-1')).toMatchObject({ code: 0, out: 'paris-1: takes calls again' })
    expect(await readiness(first)).toBe(200)
    expect((await alice.register()).status).toBe(200)
    const conversation = await converse(alice, '101', bob)
    await expectSound(conversation)
    await hangUp(conversation)
  })

  it('lets a transfer that is under way succeed, and a phone in a call make another one and join the two', async () => {
    await office.seat({ '102': 'HD0003' })
    const before = await converse(bob, '100', alice)
    const blind = await refer(before.callee, `<sip:102@${domain}>`)
    const ringing = await idle.nextCall()
    await desk.hotdesk('drain', '--node', 'paris-1', '--stay', '--no-wait')
    const transferred = { caller: before.caller, callee: await ringing.answer() }
    expect((await blind.final).statusLine).toBe('SIP/2.0 200 OK')
    await expectSound(transferred)
    await hangUp(transferred)
    const first = await converse(bob, '100', alice)
    const second = await converse(alice, '102', idle)
    for (const { audio } of [first.callee, second.caller]) audio.close()
    const attended = await refer(first.callee, replacing(second.caller, `sip:102@${domain}`))
    expect((await attended.final).statusLine).toBe('SIP/2.0 200 OK')
    const joined = { caller: first.caller, callee: second.callee }
    await expectSound(joined)
    await hangUp(joined)
    await desk.hotdesk('undrain', '--node', 'paris-1')
  })

  it('ends the node after its last call, when its phones have moved; the command shows it', async () => {
    const conversation = await converse(bob, '100', alice)
    const drained = desk.hotdesk('drain', '--node', 'paris-1')
    await first.logged('node.draining', ({ end }) => end === 'end')
    const moved = await office.phone('HD0001', second)
    await office.phone('HD0003', second)
    for (const device of ['HD0001', 'HD0003']) await office.follows(`reg:${device}`, (hash) => hash?.get('node') === 'paris-2')
    await hangUp(conversation)
    const { code, out } = await drained
    expect(code).toBe(0)
    expect(out.split('\n').at(-1)).toBe('paris-1: ended')
    expect(out).toContain('1 call in progress')
    await expectSound(await converse(bob, '100', moved))
    const events = await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '30')
    expect(events).toContain('node.draining')
  })
})
