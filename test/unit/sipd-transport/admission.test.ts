import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createResponse } from '../../../src/sip/builder.js'
import { sourceOf } from '../../../src/sipd/transaction/admission/sources.js'
import type { ServerTransaction } from '../../../src/sipd/transaction/transaction-layer.js'
import { openStillLayer, peer, type StillLayer, wire } from '../../support/still-layer.js'

let still: StillLayer
beforeEach(async () => {
  still = await openStillLayer({ limits: { transactions: 400, unanswered: 100 } })
})
afterEach(() => still.layer.close())

const other = { address: '192.0.2.50', port: 5060 }
let number = 0

interface Wanted {
  readonly method?: string
  readonly user?: string
  readonly uri?: string
  readonly toTag?: string
  readonly more?: readonly string[]
}

function request({ method = 'OPTIONS', user = 'x', uri = `sip:${user}@192.0.2.1`, toTag, more = [] }: Wanted = {}): string {
  number += 1
  const line = `${method} ${uri} SIP/2.0`
  return wire({
    line,
    branch: `z9hG4bK${number}`,
    cseq: `1 ${method}`,
    callId: `call-${number}`,
    more,
    ...(toTag !== undefined && { toTag }),
  })
}

/** Sends a request from there; answers what became of it. */
function send(text: string, from = peer): 'transaction' | 'refused' | 'silence' {
  const before = still.transactions.length
  still.net.clear()
  still.arrives(text, from)
  if (still.transactions.length > before) return 'transaction'
  return still.net.sent[0]?.text.startsWith('SIP/2.0 503') === true ? 'refused' : 'silence'
}

function answerLast(status: number, challenge?: string): void {
  const transaction = still.transactions.at(-1) as ServerTransaction
  const response = createResponse(transaction.request, status, undefined, 'x')
  if (challenge !== undefined) response.append('WWW-Authenticate', challenge)
  transaction.respond(response)
}

const withPassword = { method: 'REGISTER', more: ['Authorization: Digest username="HD0001", response="00"'] }

function fail(times: number, from = peer, challenge?: string): void {
  for (let at = 0; at < times; at += 1) if (send(request(withPassword), from) === 'transaction') answerLast(401, challenge)
}

describe('bans', () => {
  test('a known scanner is not answered, nor heard again for ten minutes; others are', () => {
    expect(send(request({ more: ['User-Agent: friendly-scanner'] }))).toBe('silence')
    expect([send(request()), send(request(), other)]).toEqual(['silence', 'transaction'])
    still.clock.advance(10 * 60_000 + 1)
    expect(send(request())).toBe('transaction')
    expect(still.layer.counts().dropped).toBe(2)
  })

  test('thirty wrong passwords within a minute ban a source', () => {
    fail(29)
    still.clock.advance(6_000)
    expect(send(request())).toBe('transaction')
    fail(1)
    expect([send(request()), send(request(), other)]).toEqual(['silence', 'transaction'])
  })

  test('an office that starts at once behind one address is not banned for the first moment', () => {
    fail(100)
    expect(send(request())).toBe('transaction')
  })

  test('nonces that have grown old are no failures, and the first request without a password is none', () => {
    fail(29, peer, 'Digest realm="x", nonce="1", stale=true')
    still.clock.advance(6_000)
    fail(29, peer, 'Digest realm="x", nonce="1", stale=TRUE')
    for (let at = 0; at < 40; at += 1) if (send(request({ method: 'REGISTER' })) === 'transaction') answerLast(401)
    expect(send(request())).toBe('transaction')
  })

  test('a source that has shown a right password is never banned, whoever else is behind its address', () => {
    send(request(withPassword))
    answerLast(200)
    fail(29)
    still.clock.advance(6_000)
    fail(29)
    expect(send(request({ more: ['User-Agent: sipvicious'] }))).toBe('silence')
    expect(send(request())).toBe('transaction')
  })

  test('messages that make no sense ban their source as well, unless it is this very machine', () => {
    const here = { address: '127.0.0.1', port: 5999 }
    for (let at = 0; at < 30; at += 1) {
      still.arrives('GET / HTTP/1.1\r\n\r\n')
      still.arrives('GET / HTTP/1.1\r\n\r\n', here)
      still.clock.advance(200)
    }
    expect(send(request(), here)).toBe('transaction')
    expect([send(request()), send(request(), other)]).toEqual(['silence', 'transaction'])
  })
})

describe('overload: more requests without an answer than there may be, for a second', () => {
  function overload(): void {
    for (let at = 0; at < 110; at += 1) send(request())
    still.clock.advance(1_000)
  }

  test('gives a flooding source its share and refuses the rest, and lets others call', () => {
    overload()
    const fates = Array.from({ length: 60 }, () => send(request()))
    expect([fates.filter((fate) => fate === 'transaction').length, fates.filter((fate) => fate === 'refused').length]).toEqual([40, 20])
    expect(send(request({ method: 'INVITE' }), other)).toBe('transaction')
    still.clock.advance(500)
    expect(Array.from({ length: 20 }, () => send(request())).filter((fate) => fate === 'transaction')).toHaveLength(10)
  })

  test('gives a source that was quiet for long two seconds’ worth at once and no more', () => {
    overload()
    for (let at = 0; at < 60; at += 1) send(request())
    still.clock.advance(60_000)
    expect(Array.from({ length: 60 }, () => send(request())).filter((fate) => fate === 'transaction')).toHaveLength(40)
  })

  test('lets requests in dialogs, CANCEL and emergency calls through without counting them', () => {
    overload()
    for (let at = 0; at < 60; at += 1) send(request())
    expect(send(request())).toBe('refused')
    expect(send(request({ method: 'BYE', toTag: 'ours' }))).toBe('transaction')
    expect(send(request({ method: 'CANCEL' }))).toBe('transaction')
    expect(send(request({ method: 'INVITE', user: '112' }))).toBe('transaction')
    expect(send(request({ method: 'INVITE', user: '113' }))).toBe('refused')
  })

  test('lets the emergency numbers through that it is told', async () => {
    await still.layer.close()
    still = await openStillLayer({ limits: { transactions: 400, unanswered: 100 }, emergency: ['999', '0999'] })
    overload()
    for (let at = 0; at < 60; at += 1) send(request())
    for (const user of ['999', '0999']) expect(send(request({ method: 'INVITE', user }))).toBe('transaction')
    expect(send(request({ method: 'INVITE', user: '112' }))).toBe('refused')
  })

  test.each([
    'sip:112%23@192.0.2.1;user=phone',
    'sip:112;phone-context=site@192.0.2.1',
    'tel:112',
    'urn:service:sos',
    'urn:service:sos.fire',
  ])('lets a call for help through that is written as %s', (uri) => {
    overload()
    for (let at = 0; at < 60; at += 1) send(request())
    expect(send(request({ method: 'INVITE', uri }))).toBe('transaction')
  })

  test('gives one that has shown a right password a larger share', () => {
    send(request(withPassword), other)
    answerLast(200)
    overload()
    expect(Array.from({ length: 100 }, () => send(request(), other)).every((fate) => fate === 'transaction')).toBe(true)
  })

  test('is over when the answers are there', () => {
    overload()
    for (let at = 0; at < 60; at += 1) send(request())
    expect(send(request())).toBe('refused')
    for (const transaction of still.transactions) transaction.respond(createResponse(transaction.request, 200, undefined, 'x'))
    still.clock.advance(2_000)
    expect(Array.from({ length: 50 }, () => send(request())).every((fate) => fate === 'transaction')).toBe(true)
  })

  test('refusals carry Retry-After', () => {
    overload()
    for (let at = 0; at < 60; at += 1) send(request())
    expect(still.net.sent[0]?.text).toMatch(/\r\nRetry-After: 10\r\n/)
  })
})

test('the last tenth of the table is for emergency calls and requests in dialogs', async () => {
  await still.layer.close()
  still = await openStillLayer({ limits: { transactions: 20 } })
  const fates = Array.from({ length: 19 }, () => send(request()))
  expect(fates.filter((fate) => fate === 'transaction')).toHaveLength(18)
  expect(send(request({ method: 'INVITE', user: '911' }))).toBe('transaction')
  expect(send(request({ method: 'BYE', toTag: 'ours' }))).toBe('transaction')
  expect(send(request({ method: 'INVITE', user: '911' }))).toBe('refused')
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s is the source %s', (address, source) => {
  expect(sourceOf(address)).toBe(source)
})
