import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dialling, Incoming, Phone, PhoneCall } from '../../../src/softphones/softphone.js'
import { type Conversation, expectSound } from '../../support/node/conversation.js'
import { dialRefused } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { openCarrier, planOver } from '../../support/sip/carrier.js'
import { createRawPhone, type RawPhone } from '../../support/sip/raw-phone.js'
import { openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** 100, 101 and 102 are at HD0001, HD0002 and HD0003 of paris-1, 103 at HD0004 of paris-2. The test writes every message of 105 at HD0007 of paris-1. */
describe('a call that rings at a colleague', () => {
  let office: TestOffice
  let nodes: readonly [TestNode, TestNode]
  let desks: Readonly<Record<'100' | '101' | '102' | '103', Phone>>

  let peer: SipPeer
  let raw: RawPhone

  beforeAll(async () => {
    office = await openTestOffice()
    await office.directory.putUser('103', { name: 'Dora', home: 'paris' })
    const carrier = await openCarrier()
    const plan = JSON.parse(planOver(carrier.address)) as object
    await carrier.close()
    const dialplan = JSON.stringify({ ...plan, shortCodes: { '*8.': { feature: 'pick-up' } } })
    nodes = [await office.node('paris-1', 'paris', { dialplan }), await office.node('paris-2', 'paris', { dialplan })]
    const [one, two] = nodes
    desks = {
      100: await office.phone('HD0001', one),
      101: await office.phone('HD0002', one),
      102: await office.phone('HD0003', one),
      103: await office.phone('HD0004', two),
    }
    await office.directory.putUser('105', { name: 'Fleur', home: 'paris' })
    await office.directory.putDevice('HD0007', { site: 'paris', hotdesk: true, password: passwordOf('HD0007'), location: 'desk 7' })
    await office.follows('device:HD0007', (device) => device !== undefined)
    peer = await openUdpPeer({ port: Number(one.udp.split(':')[1]) }, ['NOTIFY', 'CANCEL', 'BYE'])
    raw = createRawPhone({ peer, device: 'HD0007', password: passwordOf('HD0007'), domain })
    await raw.register()
    await office.seat({ 100: 'HD0001', 101: 'HD0002', 102: 'HD0003', 103: 'HD0004', 105: 'HD0007' })
  }, 60_000)

  afterAll(async () => {
    await peer.close()
    await office.close()
  })

  async function ring(by: Phone, extension: '100' | '103'): Promise<{ dialling: Dialling; ringing: Incoming }> {
    const dialling = await by.dial(extension)
    return { dialling, ringing: await desks[extension].nextCall() }
  }

  async function answered({ result }: Dialling): Promise<PhoneCall> {
    const dialled = await result
    if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
    return dialled.call
  }

  async function pickedUp(by: Phone, extension: '100' | '103', dialling: Dialling): Promise<Conversation> {
    const picker = await answered(await by.dial(`*8${extension}`))
    return { caller: await answered(dialling), callee: picker }
  }

  /** The latest call for the user in their call log. */
  async function incomingOf(extension: string): Promise<Readonly<Record<string, string>> | undefined> {
    const lines = (await office.redis.cli('XREVRANGE', `{hd}:calls:${extension}`, '+', '-', 'COUNT', '3')).split('\n')
    const entries: Record<string, string>[] = []
    for (let at = 0; at < lines.length; ) {
      if (/^\d+-\d+$/.test(lines[at] ?? '')) {
        entries.push({})
        at += 1
      } else {
        Object.assign(entries.at(-1) ?? {}, { [lines[at] ?? '']: lines[at + 1] ?? '' })
        at += 2
      }
    }
    return entries.find(({ side }) => side === 'in')
  }

  it.each<readonly [string, '101' | '103', '100' | '103', '102' | '103']>([
    ['of one node', '101', '100', '102'],
    ['when the picker is at another node', '101', '100', '103'],
    ['when the caller is at another node', '103', '100', '102'],
    ['when the phone that rings is at another node', '101', '103', '102'],
  ])('is picked up by *8 and the extension, between phones %s', async (_what, caller, colleague, picker) => {
    const { dialling, ringing } = await ring(desks[caller], colleague)
    const conversation = await pickedUp(desks[picker], colleague, dialling)
    expect(await ringing.cancelled).toContain('cause=200')
    await expectSound(conversation)
    await conversation.callee.hangUp()
    await conversation.caller.ended
    // The record is written after the call has ended for everybody else.
    await expect
      .poll(() => incomingOf(picker))
      .toMatchObject({ side: 'in', caller, dialled: colleague, reached: `user ${picker}`, pickedUpFrom: colleague })
    expect(await incomingOf(colleague)).toMatchObject({ caller, talkSeconds: '0', reason: `picked up by ${picker}` })
  })

  it('is picked up by *8 alone: the one that rings longest, and not the own', async () => {
    const { dialling, ringing } = await ring(desks[101], '100')
    expect(await dialRefused(desks[101], '*8')).toBe(480)
    const conversation = { callee: await answered(await desks[102].dial('*8')), caller: await answered(dialling) }
    expect(await ringing.cancelled).toContain('cause=200')
    await expectSound(conversation)
    await conversation.callee.hangUp()
    await conversation.caller.ended
    expect(await dialRefused(desks[102], '*8')).toBe(480)
  })

  it('ends for the picker when the caller hangs up', async () => {
    const { dialling } = await ring(desks[101], '100')
    const { caller, callee } = await pickedUp(desks[102], '100', dialling)
    await caller.hangUp()
    await callee.ended
  })

  it('that does not ring any more is not there to pick up: that is announced, then 480', async () => {
    const { dialling, ringing } = await ring(desks[101], '100')
    const callee = await ringing.answer()
    const late = await desks[102].dial('*8100')
    const { answer } = await late.result
    expect([answer.status, answer.reason, late.heard]).toEqual([480, 'Nothing To Pick Up', expect.arrayContaining([183])])
    await expectSound({ caller: await answered(dialling), callee })
    await callee.hangUp()
    expect(await dialRefused(desks[103], '*8100')).toBe(480)
  })

  async function refusalOf(by: Phone, number: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const { answer, outcome } = await (await by.dial(number, headers)).result
    return outcome === 'failed' ? `${answer.status} ${answer.reason}` : outcome
  }

  it.each(['101', '103'] as const)(
    'is not picked up by its own caller, at the node of the phone that rings or another: %s',
    async (caller) => {
      const { dialling, ringing } = await ring(desks[caller], '100')
      expect(await refusalOf(desks[caller], '*8100')).toBe('480 Nothing To Pick Up')
      const conversation = { callee: await ringing.answer(), caller: await answered(dialling) }
      await expectSound(conversation)
      await conversation.callee.hangUp()
    },
  )

  describe('is picked up by INVITE with Replaces (RFC 3891 §3)', () => {
    /** 101 calls 105. Gives the dialog of the phone that rings, as the phone sees it. */
    async function ringRaw() {
      const dialling = await desks[101].dial('105')
      const invite = await peer.hearsRequest('INVITE')
      const { to } = peer.respond(invite, 180)
      await dialling.ringing
      return { dialling, invite, callId: invite.callId, own: to.tag ?? '', ours: invite.from.tag ?? '' }
    }

    it.each(['own', 'ours'] as const)('whose to-tag is that of one side or the other: %s', async (first) => {
      const { dialling, invite, callId, ...tags } = await ringRaw()
      const [to, from] = first === 'own' ? [tags.own, tags.ours] : [tags.ours, tags.own]
      const wrong = await refusalOf(desks[102], '105', { Replaces: `${callId};to-tag=${to};from-tag=other` })
      expect(wrong).toBe('481 Call/Transaction Does Not Exist')
      const Replaces = `${callId};to-tag=${to};from-tag=${from};early-only`
      expect(await refusalOf(desks[101], '105', { Replaces })).toBe('480 Nothing To Pick Up')
      expect(await refusalOf(desks[103], '105', { Replaces })).toBe('481 Call/Transaction Does Not Exist')
      const conversation = { callee: await answered(await desks[102].dial('105', { Replaces })), caller: await answered(dialling) }
      const cancel = await peer.hearsRequest('CANCEL')
      peer.respond(invite, 487)
      expect(cancel.first('Reason')).toContain('cause=200')
      await expectSound(conversation)
      await conversation.callee.hangUp()
      await conversation.caller.ended
      await expect.poll(() => incomingOf('102')).toMatchObject({ caller: '101', dialled: '105', pickedUpFrom: '105' })
    })

    it('that names the dialog of the caller, but not by that caller; after the answer early-only gets 486', async () => {
      const dialled = raw.dial('100')
      const ringing = await desks[100].nextCall()
      const early = await peer.hears('ringing', (message) => message.kind === 'response' && message.status === 180)
      const Replaces = `${early.callId};to-tag=${early.to.tag};from-tag=${early.from.tag};early-only`
      for (const number of ['*8100', '100']) {
        const headers = number === '100' ? [['Replaces', Replaces] as const] : []
        const { answer } = await raw.dial(number, { headers }).final
        expect([number, answer.status, answer.reason]).toEqual([number, 480, 'Nothing To Pick Up'])
      }
      const picker = await answered(await desks[102].dial('100', { Replaces }))
      expect(await ringing.cancelled).toContain('cause=200')
      expect((await dialled.final).answer.status).toBe(200)
      expect(await refusalOf(desks[103], '100', { Replaces })).toBe('481 Call/Transaction Does Not Exist')
      expect(await refusalOf(desks[101], '100', { Replaces })).toBe('486 Busy Here')
      await picker.hangUp()
    })
  })
})
