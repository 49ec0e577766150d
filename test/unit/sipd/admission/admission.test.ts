import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRequest, createResponse } from '../../../../src/sip/message/builder.js'
import type { ServerTransaction } from '../../../../src/sipd/transaction/transaction-layer.js'
import { sourceOf } from '../../../../src/sipd/transport/flow.js'
import { type KeptLog, keepLog } from '../../../support/node/kept-log.js'
import { answer, openStillLayer, peer, type StillLayer, wire } from '../../../support/sip/still-layer.js'

let still: StillLayer
let kept: KeptLog
beforeEach(async () => {
  kept = keepLog()
  still = await openStillLayer({ limits: { transactions: 400, unanswered: 100 }, log: kept.log })
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

const deafUser = { onSent: () => undefined, onResponse: () => undefined, onTimeout: () => undefined, onTransportFailure: () => undefined }
const headersOfOurs = [
  ['Max-Forwards', '70'],
  ['From', '<sip:us@test.invalid>;tag=u1'],
  ['To', '<sip:x@test.invalid>'],
  ['Call-ID', 'ours@test'],
  ['CSeq', '1 OPTIONS'],
] as const

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

const register = { method: 'REGISTER' }
const withNonce = (nonce: string) => ({ ...register, more: [`Authorization: Digest username="HD0001", nonce="${nonce}", response="00"`] })

/** Challenges the source; answers the nonce that it was sent. */
function challenged(from = peer): string {
  number += 1
  const nonce = `nonce-${number}`
  send(request(register), from)
  answerLast(401, `Digest realm="x", nonce="${nonce}"`)
  return nonce
}

/** Wrong passwords from a source that was challenged first. */
function fail(times: number, from = peer, challenge = 'Digest realm="x", nonce="another"'): void {
  const nonce = challenged(from)
  for (let at = 0; at < times; at += 1) if (send(request(withNonce(nonce)), from) === 'transaction') answerLast(401, challenge)
}

describe('bans', () => {
  test('one datagram of a known scanner is dropped without a ban, because its source may be forged', () => {
    expect(send(request({ more: ['User-Agent: friendly-scanner'] }))).toBe('silence')
    expect([send(request()), send(request(), other)]).toEqual(['transaction', 'transaction'])
    expect(still.layer.counts().dropped).toBe(1)
  })

  test('a scanner that has returned a nonce is banned for ten minutes', () => {
    const nonce = challenged()
    const scan = withNonce(nonce)
    expect(send(request({ ...scan, more: [...scan.more, 'User-Agent: friendly-scanner'] }))).toBe('silence')
    expect([send(request()), send(request(), other)]).toEqual(['silence', 'transaction'])
    still.clock.advance(10 * 60_000 + 1)
    expect(send(request())).toBe('transaction')
  })

  test('thirty wrong passwords within a minute ban a source', () => {
    fail(29)
    still.clock.advance(6_000)
    expect(send(request())).toBe('transaction')
    fail(1)
    expect([send(request()), send(request(), other)]).toEqual(['silence', 'transaction'])
  })

  test('wrong passwords with a nonce that was not sent to their address do not count', () => {
    const nonce = challenged(other)
    for (const stolen of [nonce, 'invented'])
      for (let at = 0; at < 60; at += 1) {
        if (send(request(withNonce(stolen))) === 'transaction') answerLast(401)
        still.clock.advance(200)
      }
    expect(send(request())).toBe('transaction')
  })

  test('malformed messages over UDP do not lead to a ban', () => {
    for (let at = 0; at < 60; at += 1) {
      still.arrives('GET / HTTP/1.1\r\n\r\n')
      still.clock.advance(200)
    }
    expect(send(request())).toBe('transaction')
  })

  test('a banned source can still end its calls and make emergency calls', () => {
    still.layer.knowsDialogs(({ to }) => to.tag === 'ours')
    fail(29)
    still.clock.advance(6_000)
    fail(1)
    expect(send(request({ method: 'INVITE' }))).toBe('silence')
    expect(send(request({ method: 'BYE', toTag: 'not-ours' }))).toBe('silence')
    expect(send(request({ method: 'BYE', toTag: 'ours' }))).toBe('transaction')
    expect(send(request({ method: 'INVITE', user: '112' }))).toBe('transaction')
  })

  test('responses of a banned source to our requests are accepted', () => {
    fail(29)
    still.clock.advance(6_000)
    fail(1)
    const heard: number[] = []
    still.net.clear()
    const ours = createRequest({ method: 'OPTIONS', uri: 'sip:x@192.0.2.7', headers: headersOfOurs })
    still.layer.send(ours, still.hop, { ...deafUser, onResponse: ({ status }) => void heard.push(status) })
    still.arrives(answer(still.net.sent[0]?.text ?? '', 200))
    expect(heard).toEqual([200])
  })

  test('an office behind one address whose phones start at the same time is not banned for its first failures', () => {
    fail(100)
    expect(send(request())).toBe('transaction')
  })

  test('stale nonces, and the first request without a password, are not failures', () => {
    fail(29, peer, 'Digest realm="x", nonce="1", stale=true')
    still.clock.advance(6_000)
    fail(29, peer, 'Digest realm="x", nonce="1", stale=TRUE')
    for (let at = 0; at < 40; at += 1) if (send(request(register)) === 'transaction') answerLast(401)
    expect(send(request())).toBe('transaction')
  })

  test('a phone that has sent a right password is never banned, also not for others behind its address', () => {
    const bad = { ...peer, port: 6_000 }
    send(request(withNonce(challenged())))
    answerLast(200)
    fail(29, bad)
    still.clock.advance(6_000)
    fail(29, bad)
    expect(send(request(), bad)).toBe('silence')
    expect(kept.lines.join('')).toContain('requests from port 6000 of 192.0.2.7 are dropped for ten minutes: passwords')
    expect(send(request({ more: ['User-Agent: sipvicious'] }))).toBe('silence')
    expect(send(request())).toBe('transaction')
    expect(send(request(), { ...peer, port: 6_001 })).toBe('transaction')
  })

  test('a source is not proven by a nonce that was never sent there, by another method, or by an emergency call', () => {
    const unknown = { ...peer, port: 6_000 }
    send(request(withNonce('invented')))
    answerLast(200)
    const nonce = challenged()
    for (const wanted of [{ method: 'OPTIONS' }, { method: 'INVITE', user: '112' }]) {
      send(request({ ...wanted, more: withNonce(nonce).more }))
      answerLast(200)
    }
    fail(29, unknown)
    still.clock.advance(6_000)
    fail(1, unknown)
    expect(send(request())).toBe('silence')
  })
})

describe('overload: too many requests without a response for a second', () => {
  function overload(): void {
    for (let at = 0; at < 110; at += 1) send(request())
    still.clock.advance(1_000)
  }

  test('admits a flooding source up to its limit, refuses the rest, and does not affect others', () => {
    overload()
    const fates = Array.from({ length: 60 }, () => send(request()))
    expect([fates.filter((fate) => fate === 'transaction').length, fates.filter((fate) => fate === 'refused').length]).toEqual([40, 20])
    expect(send(request({ method: 'INVITE' }), other)).toBe('transaction')
    still.clock.advance(500)
    expect(Array.from({ length: 20 }, () => send(request())).filter((fate) => fate === 'transaction')).toHaveLength(10)
  })

  test('admits at once at most two seconds’ worth from a source that was silent for long', () => {
    overload()
    for (let at = 0; at < 60; at += 1) send(request())
    still.clock.advance(60_000)
    expect(Array.from({ length: 60 }, () => send(request())).filter((fate) => fate === 'transaction')).toHaveLength(40)
  })

  test('admits requests in dialogs, CANCEL and emergency calls without counting them', () => {
    overload()
    for (let at = 0; at < 60; at += 1) send(request())
    expect(send(request())).toBe('refused')
    expect(send(request({ method: 'BYE', toTag: 'ours' }))).toBe('transaction')
    number += 1
    const invite = { line: 'INVITE sip:x@192.0.2.1 SIP/2.0', branch: `z9hG4bK${number}`, callId: 'cancelled', cseq: '1 INVITE' }
    send(wire(invite), other)
    expect(send(wire({ ...invite, line: 'CANCEL sip:x@192.0.2.1 SIP/2.0', cseq: '1 CANCEL' }))).toBe('transaction')
    expect(send(request({ method: 'INVITE', user: '112' }))).toBe('transaction')
    expect(send(request({ method: 'INVITE', user: '113' }))).toBe('refused')
  })

  test('admits the configured emergency numbers', async () => {
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
  ])('admits an emergency call written as %s', (uri) => {
    overload()
    for (let at = 0; at < 60; at += 1) send(request())
    expect(send(request({ method: 'INVITE', uri }))).toBe('transaction')
  })

  test('has a higher limit for a source that has sent a right password', () => {
    send(request(withNonce(challenged(other))), other)
    answerLast(200)
    overload()
    expect(Array.from({ length: 100 }, () => send(request(), other)).every((fate) => fate === 'transaction')).toBe(true)
  })

  test('is over when the requests have responses', () => {
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
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
])('%s is the source %s', (address, source) => {
  expect(sourceOf(address)).toBe(source)
})
