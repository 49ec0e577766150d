import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRequest, createResponse } from '../../../../src/sip/message/builder.js'
import { ignoreResponses } from '../../../../src/sipd/core/uac/hop-failover.js'
import { openStillLayer, peer, type StillLayer, wire } from '../../../support/sip/still-layer.js'

let still: StillLayer
beforeEach(async () => {
  still = await openStillLayer()
  still.layer.knowsDialogs(({ to }) => to.tag === 'ours')
  still.layer.setKnownSources({ addresses: [], flows: [], uris: [], challenge: null })
})
afterEach(() => still.layer.close())

const invite = wire({ line: 'INVITE sip:112@192.0.2.1 SIP/2.0', branch: 'z9hG4bKcall', cseq: '1 INVITE' })

/** The peer's call is answered. */
function callIsAnswered(): void {
  still.arrives(invite)
  const [call] = still.transactions
  call?.respond(createResponse(call.request, 200, undefined, 'ours'))
}

function bye(isUnconfirmed: boolean): void {
  const headers = [
    ['Max-Forwards', '70'],
    ['From', '<sip:b@test.invalid>;tag=ours'],
    ['To', '<sip:a@test.invalid>;tag=f1'],
    ['Call-ID', 'one@test'],
    ['CSeq', '2 BYE'],
  ] as const
  const request = createRequest({ method: 'BYE', uri: `sip:${peer.address}:${peer.port}`, headers })
  still.layer.send(request, { ...still.hop, isUnconfirmed }, ignoreResponses)
}

const byes = (): number => still.net.sent.filter(({ text }) => text.startsWith('BYE')).length
const sentBytes = (): number => still.net.sent.reduce((sum, { text }) => sum + text.length, 0)

describe('a BYE to a UDP caller whose address is not validated', () => {
  test('is sent while the credit lasts: in total at most three bytes for each byte received', () => {
    callIsAnswered()
    bye(true)
    expect(byes()).toBe(1)
    still.clock.advance(40_000)
    expect(sentBytes()).toBeLessThanOrEqual(3 * invite.length)
    expect(still.layer.counts().withheld).toBeGreaterThan(5)
  })

  test('is retransmitted without a limit once the address is validated', () => {
    callIsAnswered()
    bye(true)
    still.clock.advance(3_000)
    const before = byes()
    still.arrives(wire({ line: 'ACK sip:112@192.0.2.1 SIP/2.0', branch: 'z9hG4bKack', cseq: '1 ACK', toTag: 'ours' }))
    still.clock.advance(40_000)
    expect(byes()).toBeGreaterThan(before + 5)
  })

  test('is not limited for any other peer, even for one that has sent nothing', () => {
    bye(false)
    still.clock.advance(40_000)
    expect(byes()).toBe(11)
    expect(still.layer.counts().withheld).toBe(0)
  })
})
