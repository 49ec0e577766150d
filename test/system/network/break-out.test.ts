import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { samples } from '../../../src/directory/directory.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { openCommandLine } from '../../support/node/command-line.js'
import { converse, expectSound } from '../../support/node/conversation.js'
import { dialAnswered, dialRefused, hears } from '../../support/node/login.js'
import { networkSecret, type TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, type TestOffice } from '../../support/node/office.js'
import { refer } from '../../support/node/referral.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

/** A phone in Paris dials with the plan of London, which has two nodes; each step goes on from the one before. */
describe('a break-out to a site', () => {
  let office: TestOffice
  let carriers: Readonly<Record<'paris' | 'london', Carrier>>
  let paris: TestNode
  let nodes: readonly [TestNode, TestNode]
  let desk: Phone
  let idle: Phone
  let colleague: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    carriers = { paris: await openCarrier(), london: await openCarrier() }
    paris = await office.node('paris-1', 'paris', { dialplan: parisPlan(carriers.paris.address) })
    const london = (name: string) => office.node(name, 'london', { dialplan: londonPlan(carriers.london.address) })
    nodes = [await london('london-1'), await london('london-2')]
    desk = await office.phone('HD0001', paris)
    idle = await office.phone('HD0002', paris)
    colleague = await office.phone('HD0003', paris)
    await office.seat({ 100: 'HD0001', 101: 'HD0003' })
    await office.follows('site:london', (site) => site?.get('nodes') === 'london-1 london-2')
  }, 120_000)

  afterAll(async () => {
    await office.close()
    for (const carrier of Object.values(carriers)) await carrier.close()
  })

  async function callsLondon(): Promise<void> {
    const dialling = await desk.dial('*6944902079460999')
    const incoming = await carriers.london.line('+442079460999').nextCall()
    expect([incoming.callerName, incoming.callerNumber]).toEqual(['Alice', '+442079460100'])
    const callee = await incoming.answer()
    const dialled = await dialling.result
    if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
    await dialled.call.hangUp()
    await callee.ended
  }

  /** Help answers in Paris, whatever site the caller has named. */
  async function callsForHelp(by: Phone, number: string): Promise<void> {
    const dialling = await by.dial(number)
    const incoming = await carriers.paris.line('112').nextCall()
    const callee = await incoming.answer()
    expect((await dialling.result).answer.status).toBe(200)
    await callee.hangUp()
  }

  it('is dialled by its plan, over its trunk, as the user; the log of the node there names the steps', async () => {
    await callsLondon()
    const [line] = [await nodes[0].logged('call.routed', ({ msg }) => msg === 'routing steps')]
    expect(line.steps).toContainEqual({ rule: 'caller', words: 'Alice (100) dials by the plan of london' })
  })

  it('is refused with the reason of that site', async () => {
    expect(await dialRefused(desk, '*694400')).toBe(404)
  })

  it('is chosen in a spoken menu, in which the number is entered; then both sides hear each other', async () => {
    const line = carriers.london.line('+442079460123')
    const caller = await dialAnswered(desk, '*68*')
    await hears(caller)
    await caller.audio.press('2902079460123#')
    const incoming = await line.nextCall()
    expect([incoming.callerName, incoming.callerNumber]).toEqual(['Alice', '+442079460100'])
    const before = caller.audio.heard.audible
    expect(await caller.hears(10)).toBe(true)
    const callee = await incoming.answer()
    await expectSound({ caller, callee })
    expect(caller.audio.heard.audible).toBeGreaterThan(before)
    await callee.hangUp()
    await caller.ended
  })

  it('is made by a key: a phone dials what user show says for its site', async () => {
    const operator = await openCommandLine(office.redis, networkSecret)
    const keys = 'break-out:london*902079460123, break-out:london, break-out:rome*100'
    await operator.hotdesk('user', 'set', '100', '--keys', keys)
    const shown = (await operator.json('user', 'show', '100', '--at', 'paris')) as {
      breakOutKeys: { dials: string | null }[]
      deadKeys: string[]
    }
    await operator.close()
    expect(shown.deadKeys).toEqual([])
    const [withNumber, alone, rome] = shown.breakOutKeys.map(({ dials }) => dials ?? '')
    expect([withNumber, alone, rome]).toEqual(['*6944902079460123', '*6944', '*68*rome*100'])
    const line = carriers.london.line('+442079460123')
    const dialling = await desk.dial(withNumber ?? '')
    await (await line.nextCall()).answer()
    const dialled = await dialling.result
    if (dialled.outcome === 'answered') await dialled.call.hangUp()
    expect(dialled.outcome).toBe('answered')
    const asked = await dialAnswered(desk, alone ?? '')
    await hears(asked)
    await asked.audio.press('902079460123#')
    const incoming = await line.nextCall()
    await asked.hangUp()
    await incoming.cancelled
  })

  it('is transferred to a colleague, who then talks with the far end', async () => {
    const line = carriers.london.line('+442079460125')
    const before = await converse(desk, '*6944902079460125', line)
    const referral = await refer(before.caller, `<sip:101@${domain}>`)
    const transferred = await (await colleague.nextCall()).answer()
    expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
    await before.caller.ended
    await expectSound({ caller: before.callee, callee: transferred })
    await transferred.hangUp()
    await before.callee.ended
  })

  it('is the target of a transfer, and the other site sees the user who transfers', async () => {
    const line = carriers.london.line('+442079460126')
    const before = await converse(colleague, '100', desk)
    const referral = await refer(before.callee, `<sip:*6944902079460126@${domain}>`)
    const incoming = await line.nextCall()
    expect(incoming.callerNumber).toBe('+442079460100')
    const callee = await incoming.answer()
    expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
    await before.callee.ended
    await expectSound({ caller: before.caller, callee })
    await before.caller.hangUp()
    await callee.ended
  })

  it('and a call from its trunk for a user in Paris has the name in the phone book, by a number as people write it in London', async () => {
    await office.redis.cli('HSET', '{hd}:contacts', '+442079460777', 'Florist')
    await office.follows('contacts', (book) => book?.size === 1)
    const ringing = colleague.nextCall()
    const dialling = await carriers.london.line('02079460777', nodes[0].udp).dial('+442079460101')
    const incoming = await ringing
    expect([incoming.callerName, incoming.callerNumber]).toEqual(['Florist', '02079460777'])
    incoming.reject(486)
    await dialling.result
  })

  it('is given up when the caller hangs up after the menu, while the number rings', async () => {
    const line = carriers.london.line('+442079460124')
    const caller = await dialAnswered(desk, '*68*902079460124')
    await hears(caller)
    await caller.audio.press('2')
    const incoming = await line.nextCall()
    await caller.hangUp()
    await incoming.cancelled
  })

  it('is refused with words after the menu, then the call ends', async () => {
    const caller = await dialAnswered(desk, '*68*00')
    await hears(caller)
    await caller.audio.press('2')
    await caller.ended
    await paris.logged('call.ended', ({ reason }) => reason === 'unknown-number')
  })

  it('is an emergency call from here if its number is typed in the menu', async () => {
    const line = carriers.paris.line('112')
    const caller = await dialAnswered(desk, '*68*')
    await hears(caller)
    await caller.audio.press('015')
    const incoming = await line.nextCall()
    expect(incoming.callerNumber).toBe(samples.devices[0].elin)
    const callee = await incoming.answer()
    await expectSound({ caller, callee })
    await callee.hangUp()
    await caller.ended
  })

  it('goes to the next node when one is silent, before its heartbeat is missing', async () => {
    nodes[0].signal('SIGSTOP')
    await callsLondon()
    const { peer } = await paris.logged('call.refused', ({ msg }) => msg?.includes('does not take the break-out') ?? false)
    expect(peer).toBe('london-1')
    await nodes[0].kill()
  })

  it('to a site that is away is announced, then refused with 480', async () => {
    await nodes[1].kill()
    const dead = await desk.dial('*6944902079460999')
    const refused = await dead.result
    expect([refused.answer.status, refused.answer.reason, dead.heard]).toEqual([480, 'Site Not Reachable', expect.arrayContaining([183])])
    for (const name of ['london-1', 'london-2']) await office.redis.cli('DEL', `{hd}:node:${name}`)
    await office.follows('node:london-2', (node) => node === undefined)
    const dialling = await desk.dial('*6944902079460999')
    expect((await dialling.result).answer.reason).toBe('Site Not Reachable')
    expect(dialling.heard).toContain(183)
  })

  it('by an idle phone is refused, but its emergency call is made from here', async () => {
    expect(await dialRefused(idle, '*6944902079460999')).toBe(480)
    await callsForHelp(idle, '*6944999')
  })

  it('is an emergency call from here while Redis is away as well', async () => {
    await office.redis.kill()
    await paris.logged('store.lost')
    await callsForHelp(desk, '*6944999')
    await callsForHelp(idle, '*68*london*112')
    await callsForHelp(idle, '*6844#15')
  })
})

function parisPlan(carrier: string): string {
  const plan = JSON.parse(planOver(carrier)) as object
  const shortCodes = { '*68*.': { breakOut: 'any' }, '*6944.': { breakOut: 'london' }, '*6844#.': { breakOut: 'london' } }
  return JSON.stringify({ ...plan, emergency: { '112': '112', '15': '112' }, shortCodes })
}

function londonPlan(carrier: string): string {
  return JSON.stringify({
    site: 'london',
    extensions: ['10X'],
    outside: '9',
    emergency: { '999': '999' },
    trunks: { 'london-carrier': { uri: `sip:${carrier};transport=udp`, from: ['127.0.0.1'] } },
    routes: [{ match: '0ZXXXXXXXXX', strip: 1, prepend: '+44', trunks: ['london-carrier'] }],
    dids: { '+44207946010X': '10X' },
  })
}
