import { describe, expect, it } from 'vitest'
import { createNotifications, type NotifiedState, type SipHeaders, type SipReply, type SubscriptionDialog } from '../../../src/srf/srf.js'
import { createManualClock } from '../../support/process/manual-clock.js'

interface Sent {
  readonly state: string
  readonly body: string
  respond(status: number): Promise<void>
}

/** A subscription to a word that the test changes. */
function stage() {
  const clock = createManualClock(0)
  const sent: Sent[] = []
  const ends: string[] = []
  let word = 'idle'
  let shown = ''
  const contents: NotifiedState = {
    hasChanged: () => word !== shown,
    next(what) {
      shown = word
      return { type: 'text/plain', body: `${what} ${word}`, headers: {} }
    },
  }
  const dialog: SubscriptionDialog = {
    id: 'one',
    saved: '',
    onSubscribe: () => undefined,
    end: () => ends.push('dialog'),
    notify: ({ headers, body }: { readonly headers: SipHeaders; readonly body: string }) =>
      new Promise<SipReply>((resolve) => {
        const state = String(headers['Subscription-State'])
        sent.push({
          state,
          body,
          async respond(status) {
            resolve({ status, reason: '', header: () => '', body: '' })
            await settled()
          },
        })
      }),
  }
  const subscription = createNotifications({
    dialog,
    state: contents,
    until: 60_000,
    clock,
    onReply: () => undefined,
    onEnd: () => ends.push('subscription'),
  })
  return {
    clock,
    sent,
    ends,
    subscription,
    become(next: string) {
      word = next
      subscription.look()
    },
  }
}

/** All that is due in this turn. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

describe('a subscription', () => {
  it('sends the full state at first, with the seconds that are left (RFC 6665 §4.2.1.2)', async () => {
    const { sent, subscription } = stage()
    subscription.restate()
    expect(sent.map(({ state, body }) => [state, body])).toEqual([['active;expires=60', 'all idle']])
    await sent[0]?.respond(200)
    expect(sent).toHaveLength(1)
  })

  it('gathers changes while a NOTIFY waits for its response, and then sends the latest state alone', async () => {
    const { sent, subscription, become } = stage()
    subscription.restate()
    become('ringing')
    become('busy')
    await sent[0]?.respond(200)
    expect(sent.map(({ body }) => body)).toEqual(['all idle', 'news busy'])
  })

  it('sends nothing if the state is the same again', async () => {
    const { sent, subscription, become } = stage()
    subscription.restate()
    await sent[0]?.respond(200)
    become('idle')
    expect(sent).toHaveLength(1)
  })

  it.each([500, 503])('heals a NOTIFY that got %i: the phone gets the state of then', async (status) => {
    const { sent, subscription, become, clock } = stage()
    subscription.restate()
    await sent[0]?.respond(status)
    become('busy')
    expect(sent).toHaveLength(1)
    clock.advance(2_000)
    expect(sent.map(({ body }) => body)).toEqual(['all idle', 'all busy'])
  })

  it('sends the full state at once after a SUBSCRIBE, also while a failed NOTIFY waits for its next attempt (RFC 6665 §4.2.1.2)', async () => {
    const { sent, subscription, clock } = stage()
    subscription.restate()
    await sent[0]?.respond(503)
    subscription.restate()
    expect(sent.map(({ body }) => body)).toEqual(['all idle', 'all idle'])
    await sent[1]?.respond(200)
    clock.advance(2_000)
    expect(sent).toHaveLength(2)
  })

  it('sends a NOTIFY that has failed as soon as the phone is back, and nothing to a phone that has it', async () => {
    const { sent, subscription, become } = stage()
    subscription.restate()
    await sent[0]?.respond(503)
    become('busy')
    subscription.resume()
    expect(sent.map(({ body }) => body)).toEqual(['all idle', 'all busy'])
    await sent[1]?.respond(200)
    subscription.resume()
    expect(sent).toHaveLength(2)
  })

  it.each([481, 489, 408])('ends without another NOTIFY after %i (RFC 6665 §4.2.2)', async (status) => {
    const { sent, subscription, become, ends } = stage()
    subscription.restate()
    await sent[0]?.respond(status)
    become('busy')
    expect(sent).toHaveLength(1)
    expect(ends).toEqual(['dialog', 'subscription'])
  })

  it('that ends by itself or by the phone sends the last state; ended for another user it sends none', async () => {
    const [expired, moved] = [stage(), stage()]
    expired.subscription.end('timeout')
    moved.subscription.end('deactivated')
    const last = [...expired.sent, ...moved.sent].map(({ state, body }) => [state, body])
    expect(last).toEqual([
      ['terminated;reason=timeout', 'all idle'],
      ['terminated;reason=deactivated', ''],
    ])
    await expired.sent[0]?.respond(200)
    expect(expired.ends).toEqual(['subscription', 'dialog'])
    expired.become('busy')
    expect(expired.sent).toHaveLength(1)
  })
})
