import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { converse, expectSound, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, hears } from '../../support/node/login.js'
import { networkSecret, type TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, pinOf, type TestOffice } from '../../support/node/office.js'
import { refer, replacing } from '../../support/node/referral.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { openTcpPhone } from '../../support/sip/sip-peer.js'

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

  /** A phone with a connection of its own, registered at the node. */
  async function overTcp(device: string, node: TestNode) {
    const peer = await openTcpPhone({ port: Number(node.tcp.split(':').at(-1)) }, ['NOTIFY'])
    const phone = createRawPhone({ peer, device, password: passwordOf(device), domain })
    await phone.register()
    return { peer, phone }
  }

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

  it('closes the connection of a phone without a call at once, and of another after its call, so that both register at the sister', async () => {
    const [talker, waiting] = [await overTcp('HD0003', first), await overTcp('HD0004', first)]
    const ringing = bob.nextCall()
    const { final } = talker.phone.dial('101')
    const answered = await (await ringing).answer()
    await final
    // A drachtio-server does not close connections; the next test needs the phones as they are after this one.
    onTestFailed(async () => {
      await answered.hangUp()
      for (const { peer } of [talker, waiting, await overTcp('HD0004', second)]) await peer.close()
      await desk.hotdesk('undrain', '--node', 'paris-1')
      await idle.register()
    })
    const begun = await desk.hotdesk('drain', '--node', 'paris-1', '--stay', '--no-wait')
    expect(begun.out).toBe('paris-1: 1 call in progress; 3 phones still registered here')
    await waiting.peer.closed
    await Promise.all([talker.peer.hearsRequest('BYE').then((bye) => talker.peer.respond(bye, 200)), answered.hangUp()])
    await talker.peer.closed
    const moved = [await overTcp('HD0003', second), await overTcp('HD0004', second)]
    for (const device of ['HD0003', 'HD0004']) await office.follows(`reg:${device}`, (hash) => hash?.get('node') === 'paris-2')
    const state = await desk.hotdesk('drain', '--node', 'paris-1', '--stay', '--no-wait')
    expect(state.out).toBe('paris-1: 0 calls in progress; 1 phone still registered here, 2 moved')
    await desk.hotdesk('undrain', '--node', 'paris-1')
    for (const { peer } of [talker, waiting, ...moved]) await peer.close()
    expect((await idle.register()).status).toBe(200)
  })

  it('ends the node after its last call and PIN dialogue, when its phones have moved; the command shows it', async () => {
    const conversation = await converse(bob, '100', alice)
    expect(await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0003')).toBe('LOGGED_OUT 102')
    const dialogue = await dialAnswered(idle, '*77*102*')
    await hears(dialogue)
    const drained = desk.hotdesk('drain', '--node', 'paris-1')
    await first.logged('node.draining', ({ end }) => end === 'end')
    const moved = await office.phone('HD0001', second)
    await office.phone('HD0003', second)
    for (const device of ['HD0001', 'HD0003']) await office.follows(`reg:${device}`, (hash) => hash?.get('node') === 'paris-2')
    await hangUp(conversation)
    const left = await desk.hotdesk('drain', '--node', 'paris-1', '--no-wait')
    expect(left.out).toBe('paris-1: 0 calls in progress, 1 dialogue; 0 phones still registered here, 2 moved')
    await dialogue.audio.press(`${pinOf('102')}#`)
    await dialogue.ended
    expect(await office.redis.cli('HGET', '{hd}:devices', 'HD0003')).toBe('102')
    const { code, out } = await drained
    expect(code).toBe(0)
    expect(out.split('\n').at(-1)).toBe('paris-1: ended')
    expect(out).toContain('1 call in progress, 1 dialogue')
    await expectSound(await converse(bob, '100', moved))
    const events = await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '30')
    expect(events).toContain('node.draining')
  })
})
