import { expect, test } from 'vitest'
import type { NodeName, SiteName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { createPeers } from '../../../src/calls/legs/peers.js'
import type { SipAnswer } from '../../../src/srf/srf.js'
import { createManualClock } from '../../support/manual-clock.js'

const london = 'london-1' as NodeName
const answer = (status: number, madeHere?: SipAnswer['madeHere']): SipAnswer => ({
  status,
  reason: '',
  header: () => '',
  body: '',
  ...(madeHere && { madeHere }),
})

/** One leg to a node; `answers` are what its probes get, one after the other, null: nothing. `seen`: its heartbeat when the leg begins. */
function open(kind: 'dialog' | 'set-up', answers: (SipAnswer | null)[], seen: string | null = 'b1') {
  const clock = createManualClock(0)
  let boot = seen
  let changed: (name: NodeName) => void = () => undefined
  let probes = 0
  let dead = 0
  const request = (): Promise<SipAnswer> => {
    const next = answers[probes++] ?? null
    return next ? Promise.resolve(next) : new Promise(() => undefined)
  }
  const peers = createPeers({
    directory: {
      node: (name) =>
        boot === null ? null : { name, site: 'london' as SiteName, sip: 'udp:192.0.2.2:5060', version: '', boot, passports: 2 as const },
      onNodeChange(listener) {
        changed = listener
        return () => undefined
      },
    },
    srf: { request },
    clock,
    log: silentLogger(),
    metrics: createMetrics(),
  })
  const onDead = (): void => void dead++
  const stop = kind === 'dialog' ? peers.watchDialog(london, { request }, onDead) : peers.watchSetUp(london, onDead)
  return {
    stop,
    clock,
    async heartbeat(next: string | null) {
      boot = next
      changed(london)
      await settled()
    },
    async after(ms: number) {
      clock.advance(ms)
      await settled()
    },
    get seen() {
      return { probes, dead }
    },
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

test('a node whose heartbeat is missing keeps its calls as long as it answers in their dialogs, and is asked every ten seconds', async () => {
  const leg = open('dialog', [answer(200), answer(200), answer(200)])
  await leg.heartbeat(null)
  await leg.after(10_000)
  await leg.after(10_000)
  expect(leg.seen).toEqual({ probes: 3, dead: 0 })
  await leg.heartbeat('b1')
  await leg.after(60_000)
  expect(leg.seen).toEqual({ probes: 3, dead: 0 })
})

test('a node whose heartbeat is missing and that answers nothing for five seconds is dead', async () => {
  const leg = open('dialog', [null])
  await leg.heartbeat(null)
  await leg.after(4_999)
  expect(leg.seen.dead).toBe(0)
  await leg.after(1)
  expect(leg.seen).toEqual({ probes: 1, dead: 1 })
  await leg.after(60_000)
  expect(leg.clock.pending).toBe(0)
})

test.each([
  ['481', answer(481), 1],
  ['408: it has not heard the request in time', answer(408), 1],
  ['our own 503: nothing listens there', answer(503, 'server'), 1],
  ['405: it knows the dialog', answer(405), 0],
])('a node that comes back as another process is asked once, and answers %s', async (_, said, dead) => {
  const leg = open('dialog', [said])
  await leg.heartbeat('b2')
  await leg.after(60_000)
  expect(leg.seen).toEqual({ probes: 1, dead })
})

test('what another process knows of a call that is being set up is not asked: it is dead', async () => {
  const leg = open('set-up', [])
  await leg.heartbeat('b2')
  expect(leg.seen).toEqual({ probes: 0, dead: 1 })
})

test('a node whose heartbeat is missing keeps the calls that are being set up as long as it answers', async () => {
  const leg = open('set-up', [answer(200), null])
  await leg.heartbeat(null)
  await leg.after(10_000)
  expect(leg.seen).toEqual({ probes: 2, dead: 0 })
  await leg.after(5_000)
  expect(leg.seen.dead).toBe(1)
})

test('a call that has ended is not probed any longer', async () => {
  const leg = open('dialog', [null])
  leg.stop()
  await leg.heartbeat(null)
  expect([leg.seen.probes, leg.clock.pending]).toEqual([0, 0])
})

test('a call that ends while a probe of it is unanswered is not reported as lost', async () => {
  const leg = open('dialog', [null])
  await leg.heartbeat(null)
  leg.stop()
  await leg.after(60_000)
  expect([leg.seen, leg.clock.pending]).toEqual([{ probes: 1, dead: 0 }, 0])
})

test('a call that begins while the heartbeat of its node is missing is probed from the start', async () => {
  const leg = open('dialog', [answer(200), null], null)
  expect(leg.seen).toEqual({ probes: 1, dead: 0 })
  await leg.after(10_000)
  await leg.after(5_000)
  expect(leg.seen).toEqual({ probes: 2, dead: 1 })
})
