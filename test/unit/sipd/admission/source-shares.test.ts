import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNonceForm } from '../../../../src/sip/auth/nonce.js'
import type { KnownSources } from '../../../../src/sipd/sipd.js'
import { createByteCredit } from '../../../../src/sipd/transaction/admission/sources/byte-credit.js'
import { challenge, openStillLayer, peer, type StillLayer, wire } from '../../../support/sip/still-layer.js'

const phone = { address: '192.0.2.50', port: 5060 }
const phoneNextDoor = { ...phone, port: 5061 }
const known: KnownSources = { addresses: [], flows: ['udp 192.0.2.50:5060', 'udp 192.0.2.50:5061'], uris: [], challenge }

let still: StillLayer
let number = 0
beforeEach(async () => {
  still = await openStillLayer({ limits: { unanswered: 5_000 } })
  still.layer.setKnownSources(known)
})
afterEach(() => still.layer.close())

function request(more: readonly string[] = []): string {
  number += 1
  const parts = { line: 'INVITE sip:x@192.0.2.1 SIP/2.0', branch: `z9hG4bK${number}`, cseq: '1 INVITE', callId: `call-${number}` }
  return wire({ ...parts, more })
}

/** What came back at once: `up` for a transaction, else the status, 0 for nothing. */
function send(text: string, from = peer): 'up' | number {
  const before = still.transactions.length
  still.net.clear()
  still.arrives(text, from)
  if (still.transactions.length > before) return 'up'
  return Number(still.net.sent[0]?.text.split(' ')[1] ?? 0)
}

function flood(times: number, from = peer, more: readonly string[] = []): Record<string, number> {
  const sums: Record<string, number> = {}
  for (let sent = 0; sent < times; sent += 1) {
    const fate = send(request(more), from)
    sums[fate] = (sums[fate] ?? 0) + 1
  }
  return sums
}

/** Credentials with a nonce that was sent to that address. */
function credentials({ address }: typeof peer): string[] {
  const nonce = createNonceForm(challenge).print(still.clock.now(), address)
  return [`Proxy-Authorization: Digest username="HD0001", realm="hotdesk.test", nonce="${nonce}", uri="sip:x", response="00"`]
}

describe('an unknown source that answers challenges', () => {
  test('has a limit of its own', () => {
    expect(flood(1_600, peer, credentials(peer))).toEqual({ up: 1_500, 503: 100 })
    still.clock.advance(1_000)
    expect(flood(110, peer, credentials(peer))).toEqual({ up: 100, 503: 10 })
  })

  test('shares a total limit with all others that do', () => {
    const others = [1, 2, 3].map((last) => ({ address: `198.51.100.${last}`, port: 5060 }))
    const fates = others.map((other) => flood(1_400, other, credentials(other)))
    expect(fates).toEqual([{ up: 1_400 }, { up: 1_400 }, { up: 200, 503: 1_200 }])
  })

  test('is challenged again if the nonce is stale', () => {
    flood(100)
    const more = credentials(peer)
    still.clock.advance(challenge.lifetimeMs + 1)
    flood(100)
    expect(send(request(more))).toBe(407)
    expect(still.net.sent[0]?.text).toContain('stale=true')
  })
})

test('a flooding registered phone does not affect another one behind its address', () => {
  expect(flood(2_150, phone)).toEqual({ up: 2_100, 407: 50 })
  expect(send(request(), phoneNextDoor)).toBe('up')
})

describe('while the server is overloaded', () => {
  beforeEach(async () => {
    await still.layer.close()
    still = await openStillLayer({ limits: { unanswered: 100 } })
    still.layer.setKnownSources(known)
    flood(110, phone)
    still.clock.advance(1_000)
    expect(still.layer.load().isOverloaded).toBe(true)
  })

  test('an unknown source is challenged at once', () => {
    expect(flood(10)).toEqual({ 407: 10 })
  })

  test('an unknown source that answers has a low limit, and a registered phone its usual one', () => {
    expect(flood(50, peer, credentials(peer))).toEqual({ up: 40, 503: 10 })
    expect(flood(100, phone)).toEqual({ up: 100 })
  })
})

test('a challenge without a transaction is not sent either if it exceeds three bytes for each byte received', () => {
  still.layer.setKnownSources({ ...known, challenge: { ...challenge, realm: 'hotdesk'.repeat(40) } })
  flood(100)
  const other = { address: '198.51.100.1', port: 5060 }
  for (let at = 2; at < 6; at += 1) flood(60, { address: `198.51.100.${at}`, port: 5060 })
  expect([send(request(), other), still.net.sent]).toEqual([0, []])
  expect(still.layer.counts().withheld).toBeGreaterThan(0)
})

test('the byte credit of a source is limited', () => {
  const credit = createByteCredit(10)
  for (let datagrams = 0; datagrams < 100; datagrams += 1) credit.received('192.0.2.7', 60_000)
  expect([credit.spend('192.0.2.7', 256 * 1024 + 1), credit.spend('192.0.2.7', 256 * 1024), credit.spend('192.0.2.7', 1)]).toEqual([
    false,
    true,
    false,
  ])
})
