import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dialling, Incoming, Phone, PhoneCall } from '../../../src/softphones/softphone.js'
import { type Conversation, expectSound } from '../../support/node/conversation.js'
import { dialRefused } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { openCarrier, planOver } from '../../support/sip/carrier.js'

/** 100, 101 and 102 are at HD0001, HD0002 and HD0003 of paris-1, 103 at HD0004 of paris-2. */
describe('a call that rings at a colleague', () => {
  let office: TestOffice
  let nodes: readonly [TestNode, TestNode]
  let desks: Readonly<Record<'100' | '101' | '102' | '103', Phone>>

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
    await office.seat({ 100: 'HD0001', 101: 'HD0002', 102: 'HD0003', 103: 'HD0004' })
  }, 60_000)

  afterAll(() => office.close())

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
})
