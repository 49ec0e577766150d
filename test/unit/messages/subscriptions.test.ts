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
  answers: readonly { status: number; headers?: Readonly<Record<string, string>> }[],
  nodes: readonly NodeName[] = [node('paris-1')],
) {
  const clock = createManualClock(1_000)
  const sent: { uri: string; callId: string }[] = []
  const idle = () => () => undefined
  const users = [alice, { ...bob, voicemail: 'none' }]
  const live = nodes.map((name) => nodeOf(name))
  const subscriptions = createSubscriptions({
    srf: {
      request: (_method, uri, parts) => {
        sent.push({ uri, callId: String(parts?.headers?.['Call-ID']) })
        const { status, headers = {} } = answers[Math.min(sent.length, answers.length) - 1] ?? { status: 200 }
        return Promise.resolve({ status, reason: '', body: '', header: (name) => headers[name] ?? '' })
      },
      onReconnected: idle,
    },
    trunks: { outgoing: (_trunk, number) => ({ uri: `sip:${number}@vm.example.com`, parts: {} }) },
    plan: livePlan(plan),
    directory: {
      users: () => users,
      user: () => null,
      nodes: () => live,
      onUserChange: idle,
      onNodeChange: idle,
    },
    node: node('paris-1'),
    site: paris,
    clock,
    log: silentLogger(),
  })
  const pass = async (seconds: number): Promise<number> => {
    clock.advance(seconds * 1_000)
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    return sent.length
  }
  return { subscriptions, sent, pass }
}

describe('subscriptions to mailboxes', () => {
  it('are for users with voicemail, and are renewed before they expire', async () => {
    const { sent, pass } = bench([{ status: 200, headers: { Expires: '600' } }])
    expect(await pass(1)).toBe(1)
    expect(sent[0]?.uri).toBe('sip:100@vm.example.com')
    expect(await pass(440)).toBe(1)
    expect(await pass(20)).toBe(2)
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
    subscriptions.close()
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
