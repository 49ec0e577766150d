import { readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { type Conversation, converse, expectSound, hangUp } from '../../support/node/conversation.js'
import { networkSecret, type TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, type TestOffice } from '../../support/node/office.js'
import { refer } from '../../support/node/referral.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

interface Shown {
  readonly at: readonly {
    readonly node: string
    readonly id: string
    readonly legs: readonly { readonly callId: string; readonly peer: string }[]
  }[]
  readonly state: string
}

interface Tested {
  readonly call: string
  readonly node: string
  readonly outcome: string
  readonly steps: readonly { readonly step: string; readonly words: string }[]
  readonly media: { readonly codec: string; readonly sent: number; readonly received: number; readonly lost: number }
}

const newestEvent = "return redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1][2][2]"
const samplePin = '4711'

/** Two nodes of one site share its phones. */
describe('an operator', () => {
  let office: TestOffice
  let carrier: Carrier
  let desk: CommandLine
  let alice: Phone
  let bob: Phone
  let carol: Phone
  let centre: Phone
  let carolNode: TestNode

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
    carolNode = first
    await office.seat({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0003' })
    desk = await openCommandLine(office.redis, networkSecret)
  }, 60_000)

  afterAll(async () => {
    await desk.close()
    await office.close()
    await carrier.close()
  })

  const talks: Conversation[] = []

  /** Of a test that fails no call is left for the next. */
  afterEach(async () => {
    for (const talk of talks.splice(0)) if (!talk.caller.dialog.ended) await hangUp(talk)
  })

  async function talk(by: Phone, number: string, at: Phone): Promise<Conversation> {
    const conversation = await converse(by, number, at)
    talks.push(conversation)
    return conversation
  }

  /** The fields of the newest event of this name. */
  async function newest(event: string): Promise<readonly string[]> {
    const entries = (await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '20')).split(/^\d+-\d+\n/m)
    return entries.map((entry) => entry.trim().split('\n')).find(([, name]) => name === event) ?? []
  }

  async function active(...words: readonly string[]): Promise<readonly Shown[]> {
    return ((await desk.json('calls', '--active', ...words)) as { calls: readonly Shown[] }).calls
  }

  it('sees a call of two nodes as one, and hotdesk hangup ends both legs', async () => {
    const conversation = await talk(alice, '101', bob)
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
    await expect.poll(() => desk.hotdesk('calls', '--active')).toMatchObject({ err: 'no call is in progress', code: 0 })
    await expect.poll(() => desk.json('calls', '100')).toContainEqual(expect.objectContaining({ reason: 'ended by the operator' }))
    expect(await newest('call.hungup')).toEqual(expect.arrayContaining(['call', id, 'host', hostname(), 'node', 'paris-1']))
  })

  it('sees one call while it rings at another node, and who talks to whom when that phone has transferred it', async () => {
    const ringing = bob.nextCall()
    const dialling = await alice.dial('101')
    const incoming = await ringing
    expect(await active()).toMatchObject([{ from: 'HD0001', to: 'user 101', phones: ['HD0002'], state: 'ringing' }])
    const callee = await incoming.answer()
    const dialled = await dialling.result
    if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
    const next = carol.nextCall()
    const referral = await refer(callee, `<sip:102@${domain}>`)
    const transferred = await next
    expect(await active()).toMatchObject([{ caller: '100', from: 'HD0001', to: 'user 102', phones: ['HD0003'], state: 'ringing' }])
    const conversation = { caller: dialled.call, callee: await transferred.answer() }
    await referral.final
    await expectSound(conversation)
    const [call, ...others] = await active()
    expect(others).toEqual([])
    expect(call).toMatchObject({ caller: '100', from: 'HD0001', dialled: '101', to: 'user 102', phones: ['HD0003'], state: 'up' })
    expect(call?.at.map(({ node }) => node)).toEqual(['paris-1', 'paris-2', 'paris-1'])
    expect(call?.at.map(({ legs }) => legs.map(({ peer }) => peer))).toEqual([
      ['HD0001', 'node paris-2'],
      ['node paris-1', 'node paris-1'],
      ['node paris-2', 'HD0003'],
    ])
    await hangUp(conversation)
  })

  it('traces a call over both nodes until it ends, and for a while after that', async () => {
    const conversation = await talk(alice, '101', bob)
    const [call] = await active()
    const [first = '', second = ''] = call?.at.map(({ id }) => id) ?? []
    const file = `${desk.folder}/call.pcap`
    const [recent, unwritable] = [
      await desk.hotdesk('trace', 'HD0001', '--recent'),
      await desk.hotdesk('trace', first, '--pcap', `${desk.folder}/none/call.pcap`),
    ]
    expect(recent.code).toBe(0)
    expect(recent.out).toMatch(/\nHD0001 called 101: answered after \d+\.\d s, in progress$/)
    expect(unwritable.err).toMatch(/^hotdesk: .* cannot be written/)
    expect(unwritable.err).not.toContain('warning')
    const live = desk.hotdesk('trace', first, '--pcap', file)
    // The trace has begun when its event is there.
    await office.redisSays('traced', 'EVAL', newestEvent, '1', '{hd}:events')
    await hangUp(conversation)
    const { code, out } = await live
    expect(code).toBe(0)
    const lines = out.split('\n')
    expect(lines.find((line) => line.includes('paris-2'))).toMatch(/^ +HD0001 +paris-1 +paris-2 +HD0002$/)
    // Each message is one arrow, also between the nodes.
    const arrows = (label: string): number => lines.filter((line) => line.includes(` ${label} `)).length
    expect(['INVITE 101', 'INVITE (auth)', 'INVITE HD0002', '180 Ringing', '200 OK', 'BYE', '200 OK (BYE)'].map(arrows)).toEqual([
      2, 1, 1, 3, 6, 3, 3,
    ])
    expect(out).toMatch(/\nHD0001 called 101: answered after \d+\.\d s, ended after \d+\.\d s by HD0001\n.*call\.pcap: \d+ messages$/)
    expect(out).not.toContain('again')
    // The call has ended; the id at the second node names it too.
    const later = (await desk.hotdesk('trace', second, '--json')).out
      .split('\n')
      .map((line) => JSON.parse(line) as { from: { name: string } })
    expect(new Set(later.map(({ from }) => from.name))).toEqual(new Set(['HD0001', 'paris-1', 'paris-2', 'HD0002']))
    const capture = await readFile(file)
    expect(capture.toString('latin1').split('Call-ID: ').length - 1).toBe(later.length)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('traces a phone without its PIN and proofs of its password, and reads why its registration was refused', async () => {
    await (await alice.dial(`*77*100*${samplePin}`)).result
    const stranger = office.bank.phone({ device: 'HD0004', password: new Secret('not its password'), node: carolNode.udp, domain })
    expect((await stranger.register()).status).not.toBe(200)
    const [calls, registration] = [
      await desk.hotdesk('trace', 'HD0001', '--recent', '--full'),
      await desk.hotdesk('trace', 'HD0004', '--recent'),
    ]
    expect(calls.out).toContain('INVITE sip:xxxx@')
    expect(calls.out).toMatch(/response="xxxx"/)
    expect(calls.out).not.toMatch(new RegExp(`${samplePin}|(response|nonce)="(?!xxxx")`))
    expect(registration.out).toContain('HD0004 registered at paris-1: refused 401, because its password or user name is wrong')
    for (const [subject, hint] of [
      ['ffffffff', 'hotdesk calls --active'],
      ['HD9999', 'hotdesk status'],
      ['101', 'hotdesk who 101'],
    ] as const) {
      const refused = await desk.hotdesk('trace', subject)
      expect(refused).toMatchObject({ code: 1, out: '' })
      expect(refused.err).toContain(hint)
    }
  })

  it('sees only the phone that a forward has reached', async () => {
    await office.directory.putUser('101', { ringSeconds: 1, forwards: { noAnswer: '102' } })
    const missed = bob.nextCall()
    const conversation = await talk(alice, '101', carol)
    expect(await active()).toEqual([expect.objectContaining({ to: 'user 102', phones: ['HD0003'] })])
    await hangUp(conversation)
    await (await missed).cancelled
    await office.directory.putUser('101', { ringSeconds: 20, forwards: { noAnswer: null } })
  })

  it('cannot end an emergency call, nor one that does not exist', async () => {
    const conversation = await talk(alice, '112', centre)
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

  async function tested(...words: readonly string[]): Promise<Tested> {
    return (await desk.json('test-call', '--seconds', '1', ...words)) as Tested
  }

  it('makes a test call as a user: it rings at the other node, is answered, and audio passes both ways', async () => {
    const ringing = bob.nextCall()
    const test = tested('--from', '100', '101')
    const incoming = await ringing
    expect(incoming.callerNumber).toBe('100')
    const begun = await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '10')
    expect(begun.split('\n')).toEqual(expect.arrayContaining(['call.testing', 'number', '101', 'from', 'HD0001', hostname()]))
    expect(begun.split('\n')).not.toContain('call.tested')
    const { audio, ended } = await incoming.answer()
    const found = await test
    await ended
    expect(found).toMatchObject({ node: 'paris-1', outcome: 'passed', media: { codec: 'PCMU', lost: 0 } })
    expect(found.steps.map(({ step }) => step)).toEqual(['route', 'ringing', 'answered', 'ended'])
    expect(found.steps[2]?.words).toBe('user 101 at node paris-2')
    expect(found.steps[3]?.words).toBe('the test hung up')
    expect(found.media.received).toBeGreaterThan(20)
    expect(found.media.sent).toBeGreaterThan(20)
    expect(audio.heard.audible).toBeGreaterThan(10)
    const fields = ['call', found.call, 'number', '101', 'from', 'HD0001', 'outcome', 'passed', 'host', hostname()]
    expect(await newest('call.tested')).toEqual(expect.arrayContaining(fields))
  })

  it('rings a phone itself with a test call, from the node where it is registered, and sees its refusal', async () => {
    const ringing = bob.nextCall()
    const test = desk.hotdesk('test-call', 'HD0002')
    ;(await ringing).reject(486)
    const { code, out } = await test
    expect(code).toBe(1)
    expect(out).toMatch(/^call [0-9a-f]{8} at paris-2\n/)
    expect(out).toMatch(
      /route +the phone HD0002 itself, at paris-2\n.*ringing +180\n.*refused +486 Busy Here\n.*ended +busy\nthe call has failed/s,
    )
  })

  it('makes a test call over a trunk', async () => {
    const ringing = carrier.line('+33142000001', '').nextCall()
    const test = tested('--from', 'HD0003', '00142000001')
    await (await ringing).answer()
    expect(await test).toMatchObject({ outcome: 'passed' })
  })

  it('makes no test call to an emergency number, not even behind a sign at its end, nor to a feature code', async () => {
    for (const number of ['112', '0112', '911#']) {
      const refused = await desk.hotdesk('test-call', '--from', '100', number)
      expect(refused.code, number).toBe(1)
      expect(refused.err, number).toContain('is an emergency number, and a test call never calls one')
    }
    expect((await desk.hotdesk('test-call', '*77*101*')).err).toContain('cannot use a feature code')
    expect((await desk.hotdesk('test-call', 'HD0009')).err).toContain('there is no phone HD0009')
    expect(await active()).toEqual([])
  })
})
