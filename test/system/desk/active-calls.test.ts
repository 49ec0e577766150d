import { hostname } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { converse, expectSound, hangUp } from '../../support/node/conversation.js'
import { networkSecret } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

interface Shown {
  readonly at: readonly { readonly node: string; readonly id: string }[]
  readonly state: string
}

/** Two nodes of one site share its phones. */
describe('calls in progress', () => {
  let office: TestOffice
  let carrier: Carrier
  let desk: CommandLine
  let alice: Phone
  let bob: Phone
  let carol: Phone
  let centre: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    const dialplan = planOver(carrier.address)
    const first = await office.node('paris-1', 'paris', { dialplan })
    const second = await office.node('paris-2', 'paris', { dialplan })
    centre = carrier.line('112', first.udp)
    alice = await office.phone('HD0001', first)
    bob = await office.phone('HD0002', second)
    carol = await office.phone('HD0003', first)
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0003' })
    desk = await openCommandLine(office.redis, networkSecret)
  }, 60_000)

  afterAll(async () => {
    await desk.close()
    await office.close()
    await carrier.close()
  })

  async function active(...words: readonly string[]): Promise<readonly Shown[]> {
    return ((await desk.json('calls', '--active', ...words)) as { calls: readonly Shown[] }).calls
  }

  it('are listed with both nodes as one call, and hotdesk hangup ends both legs', async () => {
    const conversation = await converse(alice, '101', bob)
    await expectSound(conversation)
    const [call, ...others] = await active()
    expect(others).toEqual([])
    expect(call).toMatchObject({
      from: 'HD0001',
      to: 'user 101',
      caller: '100',
      dialled: '101',
      phones: ['HD0002'],
      state: 'up',
      kind: 'ordinary',
    })
    expect(call?.at.map(({ node }) => node)).toEqual(['paris-1', 'paris-2'])
    expect(await active('102')).toEqual([])
    expect(await active('101')).toHaveLength(1)
    const id = call?.at[0]?.id ?? ''
    expect((await desk.hotdesk('calls', '--active')).out).toMatch(
      new RegExp(`${id} +up .* HD0001 +101 +user 101 at HD0002 +paris-1 → paris-2`),
    )
    // The id at the second node names the same call.
    expect(await desk.hotdesk('hangup', call?.at[1]?.id ?? '')).toMatchObject({ code: 0 })
    await Promise.all([conversation.caller.ended, conversation.callee.ended])
    const event = await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '1')
    expect(event.split('\n').slice(1)).toEqual(expect.arrayContaining(['call.hungup', 'call', id, 'host', hostname(), 'node', 'paris-1']))
  })

  it('name only the phone that a forward has reached', async () => {
    await office.directory.putUser('101', { ringSeconds: 1, forwards: { noAnswer: '102' } })
    const conversation = await converse(alice, '101', carol)
    expect(await active()).toEqual([expect.objectContaining({ to: 'user 102', phones: ['HD0003'] })])
    await hangUp(conversation)
  })

  it('never end an emergency call by an operator, nor one that does not exist', async () => {
    const conversation = await converse(alice, '112', centre)
    const [call] = await active()
    expect(call).toMatchObject({ kind: 'emergency', state: 'up' })
    const refused = await desk.hotdesk('hangup', call?.at[0]?.id ?? '')
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.err).toContain('emergency call')
    expect(await active()).toHaveLength(1)
    await expectSound(conversation)
    await conversation.caller.hangUp()
    expect((await desk.hotdesk('hangup', 'ffffffff')).err).toContain('there is no such call')
  })
})
