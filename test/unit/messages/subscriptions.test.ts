import { describe, expect, it } from 'vitest'
import type { NodeName, SiteName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { loadDialplan } from '../../../src/dialplan/dialplan.js'
import { ownerOf } from '../../../src/messages/subscriber.js'
import { afterEnd, createPauses } from '../../../src/messages/subscription-pauses.js'
import { createSubscriptions } from '../../../src/messages/subscriptions.js'
import { livePlan } from '../../support/node/live-plan.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { alice, bob, ext, node, nodeOf } from '../calls/routing/scene.js'

const paris = 'paris' as SiteName
const plan = loadDialplan({
  text: 'site: paris\nextensions: ["1XX"]\ntrunks: { mailbox: { uri: "sip:vm.example.com" } }\nvoicemail: { trunk: mailbox, subscribe: "yes" }',
  file: 'paris.yaml',
  log: silentLogger(),
})

/** The SUBSCRIBEs that a node sends; `answers` in order, the last one for ever. */
function bench(
  answers: readonly { status: number; headers?: Readonly<Record<string, string>>; dialog?: string }[],
  nodes: readonly NodeName[] = [node('paris-1')],
) {
  const clock = createManualClock(1_000)
  const sent: { uri: string; callId: string; dialog: string | null; expires: string }[] = []
  const idle = () => () => undefined
  let users = [alice, { ...bob, voicemail: 'none' }]
  let changed = (): void => undefined
  const live = nodes.map((name) => nodeOf(name))
  const subscriptions = createSubscriptions({
    srf: {
      request: (_method, uri, parts) => {
        const { 'Call-ID': callId, Expires: expires } = parts?.headers ?? {}
        sent.push({ uri, callId: String(callId), dialog: parts?.dialog ?? null, expires: String(expires) })
        const { status, headers = {}, dialog } = answers[Math.min(sent.length, answers.length) - 1] ?? { status: 200 }
        const about = dialog === undefined ? {} : { dialog }
        return Promise.resolve({ status, reason: '', body: '', header: (name) => headers[name] ?? '', ...about })
      },
      onReconnected: idle,
    },
    trunks: { outgoing: (_trunk, number) => ({ uri: `sip:${number}@vm.example.com`, parts: {} }) },
    plan: livePlan(plan),
    directory: {
      users: () => users,
      user: () => null,
      nodes: () => live,
      onUserChange: (listener) => {
        changed = () => listener(alice.extension)
        return () => undefined
      },
      onNodeChange: idle,
    },
    node: node('paris-1'),
    site: paris,
    clock,
    log: silentLogger(),
  })
  /** The responses are on their way. */
  const begin = (seconds: number): void => clock.advance(seconds * 1_000)
  const pass = async (seconds: number): Promise<number> => {
    clock.advance(seconds * 1_000)
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    return sent.length
  }
  const withoutMailbox = (): void => {
    users = [{ ...alice, voicemail: 'none' }]
    changed()
  }
  return { subscriptions, sent, begin, pass, withoutMailbox }
}

describe('subscriptions to mailboxes', () => {
  it('are for users with voicemail, and are renewed before they expire', async () => {
    const { sent, pass } = bench([{ status: 200, headers: { Expires: '600' } }])
    expect(await pass(1)).toBe(1)
    expect(sent[0]?.uri).toBe('sip:100@vm.example.com')
    expect(await pass(440)).toBe(1)
    expect(await pass(20)).toBe(2)
  })

  const opened = { status: 200, headers: { Expires: '600', Contact: '<sip:box@192.0.2.7>' }, dialog: 'first' }

  it('RFC 6665 §4.1.2.2: are refreshed in their dialog, at its remote target', async () => {
    const { sent, pass } = bench([opened, { status: 200, headers: { Expires: '200' } }])
    await pass(1)
    expect(await pass(460)).toBe(2)
    expect(sent[1]).toMatchObject({ uri: 'sip:box@192.0.2.7', dialog: 'first', expires: '3600' })
    expect(await pass(160)).toBe(3)
    expect(sent[2]?.dialog).toBe('first')
  })

  it('begin in another dialog if a refresh fails (481)', async () => {
    const { subscriptions, sent, pass } = bench([opened, { status: 481 }, { ...opened, dialog: 'second' }, opened])
    await pass(1)
    await pass(460)
    expect(await pass(1)).toBe(3)
    expect(sent.map(({ dialog }) => dialog)).toEqual([null, 'first', null])
    expect([subscriptions.userOf(sent[0]?.callId ?? ''), subscriptions.userOf(sent[2]?.callId ?? '')]).toEqual([null, '100'])
    await pass(460)
    expect(sent[3]?.dialog).toBe('second')
  })

  it('RFC 6665 §4.1.2.3: end when the mailbox goes, and their last NOTIFY is ignored', async () => {
    const { subscriptions, sent, pass, withoutMailbox } = bench([opened])
    await pass(1)
    withoutMailbox()
    expect(await pass(1)).toBe(2)
    expect(sent[1]).toMatchObject({ dialog: 'first', expires: '0' })
    const { callId = '' } = sent[0] ?? {}
    expect([subscriptions.userOf(callId), subscriptions.isLeaving(callId)]).toEqual([null, true])
    expect(await pass(1_000)).toBe(2)
    expect(subscriptions.isLeaving(callId)).toBe(false)
  })

  it('end when the node stops', async () => {
    const { subscriptions, sent, pass } = bench([opened])
    await pass(1)
    await subscriptions.close()
    expect(sent[1]).toMatchObject({ dialog: 'first', expires: '0' })
  })

  it('that the server has ended are not refreshed any more', async () => {
    const { subscriptions, sent, pass } = bench([opened])
    await pass(1)
    subscriptions.notified(sent[0]?.callId ?? '', 'terminated;reason=timeout')
    expect(await pass(2)).toBe(2)
    expect(sent[1]?.dialog).toBe(null)
  })

  it('RFC 6665 §4.1.2.4: that the server ends before it responds are made again', async () => {
    const { subscriptions, sent, begin, pass } = bench([opened])
    begin(1)
    subscriptions.notified(sent[0]?.callId ?? '', 'terminated;reason=timeout')
    expect(await pass(0)).toBe(1)
    expect(await pass(2)).toBe(2)
    expect(sent[1]?.dialog).toBe(null)
    await pass(460)
    expect(sent[2]?.dialog).toBe('first')
  })

  it('RFC 6665 §4.2.1.1: last as long as a server wants that refuses a shorter one (423), also when they are refreshed', async () => {
    const { sent, pass } = bench([
      { status: 423, headers: { 'Min-Expires': '7200' } },
      { status: 200, headers: { Expires: '7200' }, dialog: 'd1' },
    ])
    await pass(1)
    await pass(5_500)
    expect(sent.map(({ expires, dialog }) => [expires, dialog])).toEqual([
      ['3600', null],
      ['7200', null],
      ['7200', 'd1'],
    ])
  })

  it('are tried again after 30 s, 60 s … or Retry-After if they are refused', async () => {
    const { pass } = bench([{ status: 503 }, { status: 408 }, { status: 503, headers: { 'Retry-After': '600' } }])
    expect(await pass(1)).toBe(1)
    expect(await pass(29)).toBe(1)
    expect(await pass(1)).toBe(2)
    expect(await pass(59)).toBe(2)
    expect(await pass(1)).toBe(3)
    expect(await pass(599)).toBe(3)
    expect(await pass(1)).toBe(4)
  })

  it('that the server ends are made again, but only the present one', async () => {
    const { subscriptions, sent, pass } = bench([{ status: 200 }])
    await pass(1)
    const first = sent[0]?.callId ?? ''
    expect([subscriptions.userOf(first), subscriptions.userOf('other')]).toEqual(['100', null])
    subscriptions.notified(first, 'active;expires=100')
    expect(await pass(5)).toBe(1)
    subscriptions.notified(first, 'terminated;reason=timeout')
    expect(await pass(1)).toBe(2)
    subscriptions.notified(first, 'terminated;reason=timeout')
    expect(await pass(5)).toBe(2)
    await subscriptions.close()
    expect(await pass(9_999)).toBe(2)
  })

  it('have one owner among the nodes of the site', async () => {
    const names = ['paris-1', 'paris-2', 'paris-3'].map(node)
    const owners = Array.from({ length: 90 }, (_, at) => ownerOf(ext(String(100 + at)), names))
    for (const name of names) expect(owners.filter((owner) => owner === name).length).toBeGreaterThan(15)
    expect(await bench([{ status: 200 }], names).pass(1)).toBe(ownerOf(ext('100'), names) === 'paris-1' ? 1 : 0)
  })

  it.each([
    ['active;expires=60', null],
    ['pending', null],
    ['terminated;reason=deactivated', 1_000],
    ['TERMINATED ; reason = timeout', 1_000],
    ['terminated;reason=rejected', 3_600_000],
    ['terminated;reason=noresource', 3_600_000],
    ['terminated;reason=probation;retry-after=120', 120_000],
    ['terminated', 30_000],
  ])('after %s begin again after %s ms (RFC 6665 §4.1.3)', (state, afterMs) => {
    expect(afterEnd(state, createPauses())).toBe(afterMs)
  })
})
