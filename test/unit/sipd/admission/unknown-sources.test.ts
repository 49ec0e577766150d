import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNonceForm } from '../../../../src/sip/auth/nonce.js'
import { createResponse } from '../../../../src/sip/message/builder.js'
import type { KnownSources } from '../../../../src/sipd/sipd.js'
import type { ServerTransaction } from '../../../../src/sipd/transaction/transaction-layer.js'
import {
  challenge,
  type NewRequest,
  newRequest,
  openStillLayer,
  outcomeOf,
  peer,
  type StillLayer,
} from '../../../support/sip/still-layer.js'

const known: KnownSources = {
  addresses: ['192.0.2.40'],
  flows: ['udp 192.0.2.50:5060'],
  uris: ['sip:192.0.2.41'],
  challenge,
}
const trunk = { address: '192.0.2.40', port: 5060 }
const trunkByName = { address: '192.0.2.41', port: 5060 }
const phone = { address: '192.0.2.50', port: 5060 }
const phoneNextDoor = { ...phone, port: 5061 }

let still: StillLayer
beforeEach(async () => {
  still = await openStillLayer()
  still.layer.knowsDialogs(({ to }) => to.tag === 'ours')
  still.layer.setKnownSources(known)
  // The trunk's URI is resolved.
  await new Promise(setImmediate)
})
afterEach(() => still.layer.close())

function send(text: string, from = peer): 'up' | number {
  return outcomeOf(still, text, from)
}

function count(fates: readonly ('up' | number)[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const fate of fates) sums[fate] = (sums[fate] ?? 0) + 1
  return sums
}

function flood(times: number, wanted: NewRequest = {}, from = peer): Record<string, number> {
  return count(Array.from({ length: times }, () => send(newRequest(wanted), from)))
}

/** The credentials that go with the challenge that was sent last. */
function credentials(header = 'Proxy-Authorization'): string[] {
  const nonce = /nonce="([^"]+)"/.exec(still.net.sent.at(-1)?.text ?? '')?.[1] ?? ''
  return [`${header}: Digest username="HD0001", realm="hotdesk.test", nonce="${nonce}", uri="sip:x", response="00"`]
}

describe('an unknown source above its limit', () => {
  test('is challenged without a transaction, and its answer is admitted', () => {
    expect(flood(140)).toEqual({ up: 100, 407: 40 })
    const before = still.layer.load().serverTransactions
    expect([send(newRequest()), still.layer.load().serverTransactions]).toEqual([407, before])
    expect(still.net.sent[0]?.text).toMatch(
      /Proxy-Authenticate: Digest realm="hotdesk.test", nonce="[\w-]{59}", algorithm=SHA-256.*\r\n.*MD5/,
    )
    expect(send(newRequest({ more: credentials() }))).toBe('up')
    expect(still.layer.counts().challenged).toBe(41)
  })

  test('registers with the challenge that it gets: 401', () => {
    flood(100)
    expect(send(newRequest({ method: 'REGISTER' }))).toBe(401)
    expect(send(newRequest({ method: 'REGISTER', more: credentials('Authorization') }))).toBe('up')
  })

  test('cannot use a nonce that was sent to another address', () => {
    flood(100)
    send(newRequest())
    const more = credentials()
    flood(100, {}, phoneNextDoor)
    expect(send(newRequest({ more }), phoneNextDoor)).toBe(407)
    expect(still.net.sent[0]?.text).toContain('stale=true')
  })

  test('has no higher limit with credentials in requests that are never challenged', () => {
    flood(101)
    expect(flood(50, { method: 'OPTIONS', more: credentials() })).toEqual({ 503: 50 })
  })

  test('gets 503 for requests that are never challenged', () => {
    expect(flood(101, { method: 'OPTIONS' })).toEqual({ up: 100, 503: 1 })
  })

  test('does not affect others: neither a registered phone behind the same address nor a trunk', () => {
    flood(500, {}, phoneNextDoor)
    flood(500)
    expect([send(newRequest(), phone), send(newRequest(), trunk), send(newRequest(), trunkByName)]).toEqual(['up', 'up', 'up'])
  })

  test('is limited in total with many forged addresses', () => {
    const fates = Array.from({ length: 1_000 }, (_, at) => send(newRequest(), { address: `198.51.${at % 100}.${at % 250}`, port: 5060 }))
    expect(count(fates)).toEqual({ up: 300, 407: 700 })
    expect(send(newRequest(), phone)).toBe('up')
  })

  test('gets no response if there are too many requests, but an emergency call does', () => {
    // 100 go up, 2,000 are challenged at once.
    expect(flood(2_300)).toEqual({ up: 100, 407: 2_000, 0: 200 })
    expect(still.layer.counts().ignored).toBe(200)
    expect(flood(12, { user: '112' })).toEqual({ up: 10, 407: 2 })
    expect(send(newRequest(), phone)).toBe('up')
  })

  test('is admitted again after a while', () => {
    flood(110)
    still.clock.advance(500)
    expect(flood(35)).toEqual({ up: 25, 407: 10 })
  })

  test('does not evade its limit by an unknown To tag, nor by a CANCEL without a call', () => {
    flood(100)
    expect(send(newRequest({ method: 'BYE', toTag: 'invented' }))).toBe(503)
    expect(send(newRequest({ method: 'CANCEL' }))).toBe(503)
    expect(send(newRequest({ method: 'BYE', toTag: 'ours' }))).toBe('up')
  })

  test('can send no large requests except emergency calls', () => {
    const more = Array.from({ length: 5 }, () => `X-Long: ${'a'.repeat(4_000)}`)
    expect(send(newRequest({ more }))).toBe(513)
    expect(send(newRequest({ user: '112', more }))).toBe('up')
    expect(send(newRequest({ more }), phone)).toBe('up')
  })
})

describe('in its dialogs an unknown source', () => {
  const large = Array.from({ length: 5 }, () => `X-Long: ${'a'.repeat(4_000)}`)

  test('may send 20 requests a second, 40 at once; the rest is ignored', () => {
    expect(flood(500, { method: 'OPTIONS', toTag: 'ours' })).toEqual({ up: 40, 0: 460 })
    expect(still.layer.counts().ignored).toBe(460)
    still.clock.advance(1_000)
    expect(flood(30, { method: 'INFO', toTag: 'ours' })).toEqual({ up: 20, 0: 10 })
  })

  test('has a limit for each flow: another port has its own', () => {
    flood(100, { method: 'OPTIONS', toTag: 'ours' })
    expect(send(newRequest({ toTag: 'ours' }), { ...peer, port: 5_071 })).toBe('up')
  })

  test('can always cancel, acknowledge and hang up', () => {
    const call = newRequest({ user: '112' })
    send(call)
    flood(100, { method: 'OPTIONS', toTag: 'ours' })
    const cancel = call.replace('INVITE sip', 'CANCEL sip').replace('1 INVITE', '1 CANCEL')
    expect([send(cancel), send(newRequest({ method: 'BYE', toTag: 'ours', more: large }))]).toEqual(['up', 'up'])
    still.arrives(newRequest({ method: 'ACK', toTag: 'ours' }))
    expect(still.acks).toHaveLength(1)
  })

  test('can refresh its session and change its media all day', () => {
    const methods = Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? 'INVITE' : 'UPDATE'))
    const fates = methods.map((method) => {
      still.clock.advance(10_000)
      return send(newRequest({ method, toTag: 'ours' }))
    })
    expect(count(fates)).toEqual({ up: 200 })
  })

  test('can send no large requests; proven sources are not limited', () => {
    expect(send(newRequest({ method: 'INFO', toTag: 'ours', more: large }))).toBe(513)
    for (const from of [phone, trunk]) expect(flood(500, { method: 'INFO', toTag: 'ours', more: large }, from)).toEqual({ up: 500 })
  })
})

describe('a forger who knows the address and port of a registered phone', () => {
  test('uses up its limit, and the phone gets through by a challenge that the forger never sees', () => {
    expect(flood(2_150, {}, phone)).toEqual({ up: 2_100, 407: 50 })
    expect(send(newRequest({ more: credentials() }), phone)).toBe('up')
  })

  test('can make only a limited number of emergency calls in its name; the phone can make more', () => {
    expect(flood(250, { user: '112' }, phone)).toEqual({ up: 210, 407: 40 })
    expect(send(newRequest({ user: '112', more: credentials() }), phone)).toBe('up')
  })
})

test('a forger who knows the address of a trunk can make only a limited number of emergency calls in its name, and cannot silence others', () => {
  expect(flood(2_100, { user: '112' }, trunk)).toEqual({ up: 2_010, 407: 90 })
  expect([send(newRequest({ user: '112' }), phone), send(newRequest({ user: '112' }), trunkByName)]).toEqual(['up', 'up'])
})

describe('emergency calls', () => {
  test('of unknown sources have their own limit; above it they get a challenge that every phone can answer', () => {
    flood(100)
    expect(flood(20, { user: '112' })).toEqual({ up: 10, 407: 10 })
    expect(still.net.sent[0]?.text).not.toContain('SHA-256')
    expect(send(newRequest({ user: '112', more: credentials() }))).toBe('up')
  })

  test('of registered phones and trunks are admitted whatever unknown sources send', () => {
    for (let at = 0; at < 500; at += 1) send(newRequest({ user: '112' }), { address: `198.51.100.${at % 250}`, port: at })
    expect(flood(100, { user: '112' }, phone)).toEqual({ up: 100 })
    expect(flood(100, { user: '112' }, trunk)).toEqual({ up: 100 })
  })
})

test('a call from a trunk with the User-Agent of a scanner is admitted; from an unknown source it is dropped', () => {
  const more = ['User-Agent: VaxSIPUserAgent SDK']
  expect([send(newRequest({ more }), trunk), send(newRequest({ more }))]).toEqual(['up', 0])
})

describe('to a UDP source that may be forged', () => {
  const sentBytes = (): number => still.net.sent.reduce((sum, { text }) => sum + text.length, 0)
  const last = (): ServerTransaction => still.transactions.at(-1) as ServerTransaction

  test('a challenge is sent once, without a 100 before it, and again for a retransmitted request', () => {
    const invite = newRequest()
    send(invite)
    last().respond(createResponse(last().request, 100))
    last().respond(createResponse(last().request, 407, undefined, 'x'))
    still.clock.advance(40_000)
    expect(still.net.sent.map(({ text }) => text.slice(8, 11))).toEqual(['407'])
    still.arrives(newRequest())
  })

  test('a retransmitted request gets a retransmitted response', () => {
    const invite = newRequest()
    send(invite)
    last().respond(createResponse(last().request, 407, undefined, 'x'))
    still.clock.advance(500)
    still.arrives(invite)
    expect(still.net.sent).toHaveLength(2)
  })

  test('a 100 is sent if the application is slow, and from then on the final response is retransmitted', () => {
    send(newRequest())
    last().respond(createResponse(last().request, 100))
    still.clock.advance(200)
    last().respond(createResponse(last().request, 486, undefined, 'x'))
    still.clock.advance(500)
    expect(still.net.sent.map(({ text }) => text.slice(8, 11))).toEqual(['100', '486', '486'])
  })

  test('at most three bytes are sent for each byte received, however often the response is retransmitted', () => {
    const invite = newRequest()
    send(invite)
    last().respond(createResponse(last().request, 180, undefined, 'x'))
    last().respond(createResponse(last().request, 486, undefined, 'x'))
    still.clock.advance(40_000)
    expect(sentBytes()).toBeLessThanOrEqual(3 * invite.length)
    expect(still.layer.counts().withheld).toBeGreaterThan(0)
  })

  test('the final response is sent however many provisional ones preceded it', () => {
    const invite = newRequest({ user: '112' })
    send(invite)
    last().respond(createResponse(last().request, 100))
    still.clock.advance(200)
    for (const status of [183, 180, 180, 180, 180, 180]) last().respond(createResponse(last().request, status, undefined, 'ours'))
    last().respond(createResponse(last().request, 200, undefined, 'ours'))
    expect(still.net.sent.map(({ text }) => text.slice(8, 11))).toContain('200')
    expect(sentBytes()).toBeLessThanOrEqual(3 * invite.length)
  })

  test('all bytes are sent once it has returned something that only it was sent', () => {
    const invite = newRequest()
    send(invite)
    last().respond(createResponse(last().request, 200, undefined, 'ours'))
    still.arrives(newRequest({ method: 'ACK', toTag: 'ours' }))
    send(newRequest())
    last().respond(createResponse(last().request, 486, undefined, 'x'))
    still.clock.advance(20_000)
    expect(still.net.sent.filter(({ text }) => text.startsWith('SIP/2.0 486')).length).toBeGreaterThan(5)
  })

  test('responses are sent by RFC 3261 if the source is known', () => {
    send(newRequest(), phone)
    last().respond(createResponse(last().request, 100))
    last().respond(createResponse(last().request, 407, undefined, 'x'))
    still.clock.advance(1_000)
    expect(still.net.sent.map(({ text }) => text.slice(8, 11))).toEqual(['100', '407', '407'])
  })
})

test('a flood from many forged addresses leaves the tables bounded, and known sources known', async () => {
  await still.layer.close()
  still = await openStillLayer({ limits: { sources: 500 } })
  still.layer.setKnownSources(known)
  send(newRequest({ method: 'REGISTER' }), phoneNextDoor)
  const [proven] = [phoneNextDoor]
  still.transactions.at(-1)?.respond(challengeOf(still.transactions.at(-1) as ServerTransaction))
  send(newRequest({ method: 'REGISTER', more: credentials('Authorization') }), proven)
  still.transactions.at(-1)?.respond(createResponse((still.transactions.at(-1) as ServerTransaction).request, 200, undefined, 'x'))
  for (let at = 0; at < 5_000; at += 1)
    still.arrives(newRequest(), { address: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, port: 5060 })
  still.net.clear()
  expect(still.layer.load().remembered).toBeLessThan(2_000)
  expect([send(newRequest(), proven), send(newRequest(), phone)]).toEqual(['up', 'up'])
})

function challengeOf(transaction: ServerTransaction) {
  const response = createResponse(transaction.request, 401, undefined, 'x')
  response.append('WWW-Authenticate', `Digest realm="hotdesk.test", nonce="${nonceFor(transaction.flow.remote.address)}"`)
  return response
}

/** As the application makes them. */
function nonceFor(address: string): string {
  const { challenge } = known
  return challenge ? createNonceForm(challenge).print(still.clock.now(), address) : ''
}
