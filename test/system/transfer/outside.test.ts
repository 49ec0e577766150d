import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Incoming, Phone, PhoneCall } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectUndisturbed } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, type TestOffice } from '../../support/node/office.js'
import { refer, replacing } from '../../support/node/referral.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

const number = '00123456789'
const at = (digits: string): string => `sip:${digits}@${domain}`

/** 100, 101 and 102 at three phones, and a carrier. 102 may call outside, but not transfer there. */
describe('transfer outside', () => {
  let office: TestOffice
  let carrier: Carrier
  let node: TestNode
  let alice: Phone
  let bob: Phone
  let carol: Phone
  let outside: Phone
  let centre: Phone
  const calls: PhoneCall[] = []

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    await mkdir(join(office.redis.directory, 'paris-1/calls'), { recursive: true })
    const rights = { inside: { allow: ['internal', 'national', 'other'], transferOutside: 'no' } }
    const dialplan = JSON.stringify({ ...(JSON.parse(planOver(carrier.address)) as object), rights })
    node = await office.node('paris-1', 'paris', { dialplan })
    alice = await office.phone('HD0001', node)
    bob = await office.phone('HD0002', node)
    carol = await office.phone('HD0003', node)
    outside = carrier.line('+33123456789', node.udp)
    centre = carrier.line('112', node.udp)
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0003' })
    await office.directory.putUser('102', { rights: 'inside' })
    await office.follows('user:102', (user) => user?.get('rights') === 'inside')
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await carrier.close()
  })

  afterEach(async () => {
    await Promise.all(calls.splice(0).map((call) => call.hangUp()))
    await office.redisSays('0', 'EXISTS', '{hd}:oncall:HD0001', '{hd}:oncall:HD0002', '{hd}:oncall:HD0003')
  })

  async function talk(...parts: Parameters<typeof converse>): Promise<Conversation> {
    const whole = await converse(...parts)
    calls.push(whole.caller, whole.callee)
    return whole
  }

  async function answer(ringing: Incoming): Promise<PhoneCall> {
    const call = await ringing.answer()
    calls.push(call)
    return call
  }

  async function records(): Promise<readonly Record<string, unknown>[]> {
    const folder = join(office.redis.directory, 'paris-1/calls')
    const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')))
    return texts
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  it('reaches the trunk, and the record names the call before and who has transferred it', async () => {
    const before = await talk(alice, '101', bob)
    const referral = await refer(before.callee, `<${at(number)}>`)
    const transferred = await answer(await outside.nextCall())
    expect((await referral.final).statusLine).toBe('SIP/2.0 200 OK')
    await before.callee.ended
    await transferred.hangUp()
    await before.caller.ended
    await expect.poll(async () => (await records()).length).toBe(2)
    const [first, second] = await records()
    expect(first).toMatchObject({ dialled: '101', transferOf: '', transferredBy: '', reason: 'transferred' })
    expect(second).toMatchObject({ caller: '100', dialled: number, transferOf: first?.call, transferredBy: '101', result: 'success' })
  })

  it('needs the right to it, blind and attended; the calls go on', async () => {
    const first = await talk(alice, '102', carol)
    expect((await refer(first.callee, `<${at(number)}>`)).response).toMatchObject({ status: 480, reason: 'Call Barred' })
    const second = await talk(carol, number, outside)
    expect((await refer(first.callee, replacing(second.caller, at(number)))).response).toMatchObject({ status: 480, reason: 'Call Barred' })
    expect([first, second].flatMap(({ caller, callee }) => [caller.dialog.ended, callee.dialog.ended])).toEqual(Array(4).fill(false))
  })

  it('is not reported to a phone that asks for no subscription (RFC 4488 §4)', async () => {
    const before = await talk(alice, '101', bob)
    const referral = await refer(before.callee, `<${at(number)}>`, { 'Refer-Sub': 'false' })
    expect([referral.response.status, referral.response.header('Refer-Sub')]).toEqual([202, 'false'])
    await answer(await outside.nextCall())
    await before.callee.ended
    expect(referral.reports).toEqual([])
  })

  it.each([
    ['of the phone that transfers', '101', 'HD0002'],
    ['of the phone that is transferred', '100', 'HD0001'],
  ])('ends with a forced logout %s while the target rings', async (_, extension, device) => {
    const before = await talk(alice, '101', bob)
    await refer(before.callee, `<${at(number)}>`)
    const ringing = await outside.nextCall()
    await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', device, 'now')
    await Promise.all([ringing.cancelled, before.caller.ended, before.callee.ended])
    await office.redisSays('0', 'EXISTS', '{hd}:oncall:HD0001', '{hd}:oncall:HD0002')
    await office.seat({ [extension]: device })
  })

  it('a trunk takes no call over: it is not offered Replaces, and gets 420 if it requires it; not for a PSAP callback (RFC 3891 §3)', async () => {
    const headers = { Require: 'replaces', Replaces: 'a@b;to-tag=1;from-tag=2' }
    const { answer: refusal } = await (await outside.dial('+33199000100', headers)).result
    expect([refusal.status, refusal.header('Unsupported')]).toEqual([420, 'replaces'])
    const dialling = await outside.dial('+33199000100')
    const callee = await answer(await alice.nextCall())
    const { answer: accepted } = await dialling.result
    await callee.hangUp()
    expect(accepted.header('Supported')).toBe('norefersub, tdialog, timer')
    const emergency = await alice.dial('112')
    const atCentre = await centre.nextCall()
    expect(atCentre.invite.header('Supported')).not.toContain('replaces')
    await (await answer(atCentre)).hangUp()
    await emergency.result
    const callback = await centre.dial(atCentre.callerNumber, headers)
    await answer(await alice.nextCall())
    expect((await callback.result).outcome).toBe('answered')
  })

  it('never moves an emergency call: 603 for both ends, and no other call takes it over', async () => {
    const emergency = await talk(alice, '112', centre)
    for (const end of [emergency.caller, emergency.callee]) expect((await refer(end, `<${at('101')}>`)).response.status).toBe(603)
    const other = await talk(alice, '101', bob)
    expect((await refer(other.caller, replacing(emergency.caller, at('112')))).response.status).toBe(404)
    expect((await refer(emergency.caller, replacing(other.caller, at('101')))).response.status).toBe(603)
    for (const { audio } of [other.caller, other.callee]) audio.close()
    await expectUndisturbed(emergency)
  })
})
