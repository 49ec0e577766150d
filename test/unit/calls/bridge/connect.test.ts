import { expect, it } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { createMetrics } from '../../../../src/base/metrics.js'
import { createConnect } from '../../../../src/calls/bridge/connect.js'
import type { Call } from '../../../../src/calls/call.js'
import { createCallControl } from '../../../../src/calls/call-control.js'
import type { AcceptedLeg } from '../../../../src/calls/dial/fork.js'
import { anonymous } from '../../../../src/sip/identity/party.js'
import type { SipDialog } from '../../../../src/srf/srf.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

const response = { status: 200, reason: 'OK', header: () => '', body: 'v=0' }

/** A dialog that the far end ends at once. */
const dialog = { callId: 'b', ended: true, onRequest: () => undefined, onEnd: (ended: (end: object) => void) => ended({ reason: '' }) }

const answered: AcceptedLeg = {
  outcome: 'answered',
  reply: response,
  dialog: { ...dialog, bye: () => Promise.resolve() } as unknown as SipDialog,
}

/** Answers 10 s after the INVITE a call that began to ring after `ringingMs`, and gives count and sum of the set-up times. */
async function setUpTimes(
  ringingMs: number | null,
  accept: () => Promise<unknown> = () => Promise.resolve(dialog),
  leg: AcceptedLeg = answered,
) {
  const clock = createManualClock(0)
  const metrics = createMetrics()
  const connect = createConnect({
    domain: 'hotdesk.example',
    activity: { begin: () => () => undefined },
    nodeLegs: { watchDialog: () => () => undefined },
    phoneLegs: { watch: () => () => undefined },
    conversations: { begin: () => () => undefined },
    userCalls: { look: () => undefined },
    registrar: { provesInDialog: () => true },
    onRefer: () => undefined,
    clock,
    metrics,
  })
  const call = {
    control: createCallControl(false),
    progress: { began: clock.now(), ringing: ringingMs, answered: null, legs: [], reached: '', callee: null, called: new Map(), moves: 0 },
    invite: { accept, cancelled: true, voice: null },
    caller: { kind: 'unknown' },
    party: { ...anonymous, isPrivate: false },
    log: silentLogger(),
  }
  clock.advance(10_000)
  await connect(call as unknown as Call, { uri: 'sip:b', parts: {}, device: null }, leg)
  const { values } = await metrics.callSetupSeconds.get()
  const reading = (suffix: string) => values.find(({ metricName }) => metricName === `hotdesk_call_setup_seconds_${suffix}`)?.value ?? 0
  return [reading('count'), reading('sum')]
}

/** Connects the far end of another call, whose new caller then ends like this. */
async function moved(end: 'ack' | 'no ack'): Promise<readonly string[]> {
  const done: string[] = []
  const caller = {
    ...dialog,
    onAck: (acknowledged: (sdp: string) => void) => void (end === 'ack' && acknowledged('')),
    onEnd: (ended: (end: object) => void) => ended({ reason: '' }),
  }
  const leg: AcceptedLeg = {
    outcome: 'moved',
    reply: response,
    take() {
      done.push('taken')
      return dialog as unknown as SipDialog
    },
    abandon: () => Promise.resolve(void done.push('abandoned')),
  }
  await setUpTimes(null, () => Promise.resolve(caller), leg)
  return done
}

it('the far end of a call that is replaced leaves that call with the ACK of the new caller (RFC 3891 §3)', async () => {
  expect(await moved('ack')).toEqual(['taken'])
})

it('the far end of a call that is replaced stays there if the new caller is gone before its ACK', async () => {
  expect(await moved('no ack')).toEqual(['abandoned'])
})

it('an answered call is observed with the time from its INVITE to the first ringing', async () => {
  expect(await setUpTimes(250)).toEqual([1, 0.25])
})

it('a call that is answered without ringing is observed with the time to its 200', async () => {
  expect(await setUpTimes(null)).toEqual([1, 10])
})

it('a call whose caller has hung up is not observed', async () => {
  expect(await setUpTimes(250, () => Promise.reject(new Error('gone')))).toEqual([0, 0])
})
