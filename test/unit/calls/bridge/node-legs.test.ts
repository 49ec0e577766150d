import { describe, expect, test } from 'vitest'
import type { NodeName, SiteName } from '../../../../src/base/identity.js'
import { silentLogger } from '../../../../src/base/logger.js'
import { createMetrics } from '../../../../src/base/metrics.js'
import { createNodeLegs } from '../../../../src/calls/bridge/node-legs.js'
import type { SipReply } from '../../../../src/srf/srf.js'
import type { StoreState } from '../../../../src/store/store.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

const london = 'london-1' as NodeName
const answer = (status: number, madeHere?: SipReply['madeHere']): SipReply => ({
  status,
  reason: '',
  header: () => '',
  body: '',
  ...(madeHere && { madeHere }),
})

interface Parts {
  /** The heartbeat of the node when its legs begin. */
  readonly seen?: string | null
  readonly state?: StoreState
  readonly legs?: number
}

/** Legs to a node; `answers` are the responses to their probes, in order; null: no response. */
function open(
  kind: 'dialog' | 'set-up',
  answers: readonly (SipReply | null)[],
  { seen = 'b1', state = 'connected', legs = 1 }: Parts = {},
) {
  const clock = createManualClock(0)
  let boot = seen
  let storeState = state
  let changed: (name: NodeName) => void = () => undefined
  let turned: (state: StoreState) => void = () => undefined
  let probes = 0
  let dead = 0
  const request = (): Promise<SipReply> => {
    const next = answers[probes++] ?? null
    return next ? Promise.resolve(next) : new Promise(() => undefined)
  }
  const peers = createNodeLegs({
    directory: {
      node: (name) =>
        boot === null
          ? null
          : {
              name,
              site: 'london' as SiteName,
              sip: 'udp:192.0.2.2:5060',
              version: '',
              boot,
              hopTokens: 2 as const,
              takes: [],
              isDraining: false,
              webhooks: [],
            },
      onNodeChange(listener) {
        changed = listener
        return () => undefined
      },
    },
    store: {
      get state() {
        return storeState
      },
      onState(listener) {
        turned = listener
        return () => undefined
      },
    },
    srf: { request },
    clock,
    log: silentLogger(),
    metrics: createMetrics(),
  })
  const onDead = (): void => void dead++
  const begin = (node = peers.current(london)): (() => void) =>
    kind === 'dialog' ? peers.watchDialog(node, { request }, onDead) : peers.watchSetUp(node, onDead)
  const stops = Array.from({ length: legs }, () => begin())
  return {
    begin,
    current: () => peers.current(london),
    stop() {
      for (const end of stops) end()
    },
    clock,
    async store(next: StoreState) {
      storeState = next
      turned(next)
      await settled()
    },
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

test('a node whose heartbeat is missing keeps its calls as long as it responds in their dialogs, and is probed every ten seconds', async () => {
  const leg = open('dialog', [answer(200), answer(200), answer(200)])
  await leg.heartbeat(null)
  await leg.after(10_000)
  await leg.after(10_000)
  expect(leg.seen).toEqual({ probes: 3, dead: 0 })
  await leg.heartbeat('b1')
  await leg.after(60_000)
  expect(leg.seen).toEqual({ probes: 3, dead: 0 })
})

test('a node whose heartbeat is missing and that does not respond for five seconds is dead', async () => {
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
])('a node that comes back as another process is probed once, and responds %s', async (_, said, dead) => {
  const leg = open('dialog', [said])
  await leg.heartbeat('b2')
  await leg.after(60_000)
  expect(leg.seen).toEqual({ probes: 1, dead })
})

test('another process is not probed about a call that is being set up: the old node is dead', async () => {
  const leg = open('set-up', [])
  await leg.heartbeat('b2')
  expect(leg.seen).toEqual({ probes: 0, dead: 1 })
})

test('a node whose heartbeat is missing keeps the calls that are being set up as long as it responds', async () => {
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
  const leg = open('dialog', [answer(200), null], { seen: null })
  expect(leg.seen).toEqual({ probes: 1, dead: 0 })
  await leg.after(10_000)
  await leg.after(5_000)
  expect(leg.seen).toEqual({ probes: 2, dead: 1 })
})

test('a node that restarts between the ringing and the answer is probed about the dialog, which it no longer knows', async () => {
  const leg = open('dialog', [answer(481)], { legs: 0 })
  const ringing = leg.current()
  await leg.heartbeat('b2')
  leg.begin(ringing)
  await leg.after(0)
  expect(leg.seen).toEqual({ probes: 1, dead: 1 })
})

describe('while Redis is lost, no node sees heartbeats', () => {
  test.each(['dialog', 'set-up'] as const)(
    'a %s is probed every ten seconds, continues as long as the probe gets a response, and ends when it does not',
    async (kind) => {
      const leg = open(kind, [answer(200), answer(200), null])
      await leg.store('lost')
      await leg.after(9_999)
      expect(leg.seen.probes).toBe(0)
      await leg.after(1)
      await leg.after(10_000)
      expect(leg.seen).toEqual({ probes: 2, dead: 0 })
      await leg.after(10_000)
      await leg.after(5_000)
      expect(leg.seen).toEqual({ probes: 3, dead: 1 })
      expect(leg.clock.pending).toBe(0)
    },
  )

  test('a leg that begins during the loss is probed as well', async () => {
    const leg = open('dialog', [null], { state: 'lost' })
    await leg.after(10_000)
    await leg.after(5_000)
    expect(leg.seen).toEqual({ probes: 1, dead: 1 })
  })

  test('a loss of Redis shorter than ten seconds causes no probe, then or later', async () => {
    const leg = open('dialog', [])
    await leg.store('lost')
    await leg.after(9_999)
    await leg.store('connected')
    expect(leg.clock.pending).toBe(0)
    await leg.after(60_000)
    expect(leg.seen).toEqual({ probes: 0, dead: 0 })
  })

  test('a node that restarted during the loss is noticed at the latest when Redis is back', async () => {
    const leg = open('set-up', [])
    await leg.store('lost')
    await leg.heartbeat('b2')
    expect(leg.seen.dead).toBe(0)
    await leg.store('connected')
    expect(leg.seen).toEqual({ probes: 0, dead: 1 })
  })

  test('the process of a leg is not inferred from before the loss: a call that the next process sets up continues', async () => {
    const leg = open('set-up', [answer(200)], { state: 'lost' })
    await leg.heartbeat('b2')
    await leg.store('connected')
    await leg.after(60_000)
    expect(leg.seen).toEqual({ probes: 1, dead: 0 })
  })

  test('a thousand legs are probed within five seconds, twenty in each tenth of a second, and each once in a round', async () => {
    const leg = open('dialog', Array<SipReply>(2_000).fill(answer(200)), { legs: 1_000 })
    await leg.store('lost')
    await leg.after(10_000)
    const perStep = [leg.seen.probes]
    for (let step = 1; step < 200; step++) {
      const before = leg.seen.probes
      await leg.after(100)
      perStep.push(leg.seen.probes - before)
    }
    const round = Array.from({ length: 100 }, (_, step) => (step < 50 ? 20 : 0))
    expect(perStep).toEqual([...round, ...round])
    expect(leg.seen).toEqual({ probes: 2_000, dead: 0 })
  })

  test('the rest of a round is skipped once Redis is back, or the calls have ended', async () => {
    const answers = Array<SipReply>(1_000).fill(answer(200))
    const [back, ended] = [open('dialog', answers, { legs: 1_000 }), open('dialog', answers, { legs: 1_000 })]
    for (const each of [back, ended]) {
      await each.store('lost')
      await each.after(10_000)
    }
    await back.store('connected')
    ended.stop()
    for (const each of [back, ended]) {
      expect([each.seen.probes, each.clock.pending]).toEqual([20, 0])
      await each.after(60_000)
      expect(each.seen).toEqual({ probes: 20, dead: 0 })
    }
  })
})
