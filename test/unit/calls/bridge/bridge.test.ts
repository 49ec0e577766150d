import { expect, it } from 'vitest'
import { bridge } from '../../../../src/calls/bridge/bridge.js'
import type { IncomingRequest, SipDialog } from '../../../../src/srf/srf.js'

type Ask = (request: IncomingRequest) => void | Promise<void>

/** A dialog whose far end answers every request with this status. */
function leg(status: number): { readonly dialog: SipDialog; ask(method: string, type: string, body: string): Promise<number> } {
  let onRequest: Ask = () => undefined
  const answer = { status, reason: 'Of The Far End', header: () => '', body: '' }
  const dialog: SipDialog = {
    callId: 'call@test',
    localTag: 'ours',
    remoteTag: 'theirs',
    began: null,
    createdBy: 'far end',
    description: '',
    continueSession: () => undefined,
    ended: false,
    onEnd: () => undefined,
    onAck: () => undefined,
    onRequest(listener) {
      onRequest = listener
    },
    request: () => Promise.resolve(answer),
    reinvite: () => Promise.resolve(answer),
    bye: () => Promise.resolve(),
  }
  async function ask(method: string, type: string, body: string): Promise<number> {
    const given: number[] = []
    await onRequest({
      method,
      uri: 'sip:100@hotdesk.example',
      callId: 'call@test',
      header: (name) => (name.toLowerCase() === 'content-type' ? type : ''),
      body,
      source: { protocol: 'udp', address: '192.0.2.1', port: 5060 },
      receivedOn: '192.0.2.10:5060',
      respond: (final) => void given.push(final),
      responded: false,
    })
    return given[0] ?? 0
  }
  return { dialog, ask }
}

it.each([405, 501])('an UPDATE with an offer is sent as a re-INVITE to a far end that responds to it with %i', async (said) => {
  const [caller, callee] = [leg(200), leg(said)]
  const offers: (string | null)[] = []
  callee.dialog.reinvite = (sdp) => {
    offers.push(sdp)
    return Promise.resolve({ status: 200, reason: 'OK', header: () => '', body: 'v=0' })
  }
  bridge({
    caller: caller.dialog,
    callee: callee.dialog,
    kind: 'device',
    proves: () => true,
    onRefer: () => undefined,
    optionsFor: () => ({}),
  })
  expect(await caller.ask('UPDATE', 'application/sdp', 'v=0 offer')).toBe(200)
  expect(offers).toEqual(['v=0 offer'])
  expect(await caller.ask('MESSAGE', 'text/plain', 'hello')).toBe(said)
})

// A phone takes its credentials for wrong after a 401, 403 or 407; for 481 and 408 see RFC 3261 §12.2.1.2.
it.each([
  ['INVITE', 'application/sdp', 'v=0', 403, 488],
  ['INVITE', 'application/sdp', 'v=0', 401, 488],
  ['UPDATE', 'application/sdp', 'v=0', 407, 488],
  ['MESSAGE', 'text/plain', 'hello', 403, 500],
  ['INFO', 'application/dtmf', '5', 401, 500],
  ['INFO', 'application/dtmf', '5', 481, 500],
  ['INVITE', 'application/sdp', 'v=0', 488, 488],
  ['MESSAGE', 'text/plain', 'hello', 200, 200],
])('%s (%s, %s): the phone gets a %i of the far end as %i', async (method, type, body, said, passed) => {
  const [caller, callee] = [leg(200), leg(said)]
  bridge({
    caller: caller.dialog,
    callee: callee.dialog,
    kind: 'device',
    proves: () => true,
    onRefer: () => undefined,
    optionsFor: () => ({}),
  })
  expect(await caller.ask(method, type, body)).toBe(passed)
})

it('of a multipart body of INFO the key passes alone (RFC 5621 §3.1)', async () => {
  const [caller, callee] = [leg(200), leg(200)]
  const passed: unknown[] = []
  callee.dialog.request = (method, parts) => {
    passed.push([method, parts])
    return Promise.resolve({ status: 200, reason: 'OK', header: () => '', body: '' })
  }
  bridge({
    caller: caller.dialog,
    callee: callee.dialog,
    kind: 'device',
    proves: () => true,
    onRefer: () => undefined,
    optionsFor: () => ({}),
  })
  const part = (type: string, body: string): string => `--b\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`
  const body = `${part('image/png', 'x')}${part('application/dtmf-relay', 'Signal=5')}--b--`
  expect(await caller.ask('INFO', 'multipart/mixed;boundary=b', body)).toBe(200)
  expect(passed).toEqual([['INFO', { headers: { 'Content-Type': 'application/dtmf-relay' }, body: 'Signal=5' }]])
  expect(await caller.ask('INFO', 'multipart/mixed;boundary=b', `${part('image/png', 'x')}--b--`)).toBe(415)
})

it('an offer that meets one of the other side gets 491 and is not sent on (RFC 3261 §14.1)', async () => {
  const [caller, callee] = [leg(200), leg(200)]
  let answer = (): void => undefined
  const sentOn: (string | null)[] = []
  callee.dialog.reinvite = (sdp) => {
    sentOn.push(sdp)
    return new Promise((resolve) => {
      answer = () => resolve({ status: 200, reason: 'OK', header: () => '', body: 'v=0' })
    })
  }
  caller.dialog.reinvite = (sdp) => {
    sentOn.push(sdp)
    return Promise.resolve({ status: 200, reason: 'OK', header: () => '', body: 'v=0' })
  }
  bridge({
    caller: caller.dialog,
    callee: callee.dialog,
    kind: 'device',
    proves: () => true,
    onRefer: () => undefined,
    optionsFor: () => ({}),
  })
  const first = caller.ask('INVITE', 'application/sdp', 'v=0 first')
  expect(await callee.ask('INVITE', 'application/sdp', 'v=0 second')).toBe(491)
  expect(await callee.ask('UPDATE', 'application/sdp', 'v=0 second')).toBe(491)
  // A refresh has no offer.
  expect(await callee.ask('UPDATE', '', '')).toBe(200)
  answer()
  expect(await first).toBe(200)
  expect(await callee.ask('INVITE', 'application/sdp', 'v=0 second')).toBe(200)
  expect(sentOn).toEqual(['v=0 first', 'v=0 second'])
})
