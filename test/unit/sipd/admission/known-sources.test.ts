import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNonceForm } from '../../../../src/sip/auth/nonce.js'
import { createRequest, createResponse } from '../../../../src/sip/message/builder.js'
import type { KnownSources } from '../../../../src/sipd/sipd.js'
import { createSourceRecords } from '../../../../src/sipd/transaction/admission/sources/source-records.js'
import type { ServerTransaction } from '../../../../src/sipd/transaction/transaction-layer.js'
import type { Flow } from '../../../../src/sipd/transport/flow.js'
import { createManualClock } from '../../../support/process/manual-clock.js'
import { answer, challenge, newRequest, openStillLayer, outcomeOf, peer, type StillLayer } from '../../../support/sip/still-layer.js'

const known: KnownSources = {
  addresses: ['192.0.2.40', '127.0.0.1'],
  flows: ['udp 192.0.2.50:5060'],
  uris: ['sip:192.0.2.41', 'sip:127.0.0.1:5090'],
  challenge,
}
const at = (address: string, port = 5060) => ({ address, port })
const phone = at('192.0.2.50')
const trunk = at('192.0.2.40')
const trunkByName = at('192.0.2.41')
const localTrunk = at('127.0.0.1', 5090)

let still: StillLayer
beforeEach(async () => {
  still = await openStillLayer()
  still.layer.knowsDialogs(({ to }) => to.tag === 'ours')
  await setKnownSources(known)
})
afterEach(() => still.layer.close())

async function setKnownSources(sources: KnownSources): Promise<void> {
  still.layer.setKnownSources(sources)
  // The URIs of trunks are resolved.
  await new Promise(setImmediate)
}

function send(text: string, from = peer): 'up' | number {
  return outcomeOf(still, text, from)
}

function respond(status: number): void {
  const { request: last, respond: say } = still.transactions.at(-1) as ServerTransaction
  say(createResponse(last, status, undefined, 'ours'))
}

/** Credentials with a nonce that was sent to that address. */
function credentials(address: string): string[] {
  const nonce = createNonceForm(challenge).print(still.clock.now(), address)
  return [`Authorization: Digest username="HD0001", realm="hotdesk.test", nonce="${nonce}", uri="sip:x", response="00"`]
}

/** Six seconds of wrong passwords from a real source: enough for a ban. */
function guess(from: typeof peer): void {
  for (let guesses = 0; guesses < 60; guesses += 1) {
    if (send(newRequest({ method: 'REGISTER', more: credentials(from.address) }), from) === 'up') respond(401)
    still.clock.advance(100)
  }
}

/** Only an unknown source is refused a request of 20 kB. */
const isStranger = (from = peer): boolean => send(newRequest({ more: Array(5).fill(`X-Long: ${'a'.repeat(4_000)}`) }), from) === 513

describe('a validated source with wrong passwords and the User-Agent of a scanner', () => {
  test('is banned if it is unknown', () => {
    guess(peer)
    expect([send(newRequest()), still.layer.load().bans]).toEqual([0, 1])
  })

  test.each([
    ['a registered phone', phone],
    ['a trunk', trunk],
    ['a trunk that is known by its URI', trunkByName],
    ['a trunk of this machine', localTrunk],
  ])('is never banned if it is %s', (_who, from) => {
    guess(from)
    send(newRequest({ more: [...credentials(from.address), 'User-Agent: friendly-scanner'] }), from)
    expect([send(newRequest(), from), still.layer.load().bans]).toEqual(['up', 0])
  })

  test.each([
    ['its phone registers', { ...known, flows: [`udp ${peer.address}:${peer.port}`] }],
    ['it becomes a trunk', { ...known, addresses: [peer.address] }],
    ['it becomes a trunk by its URI', { ...known, uris: [`sip:${peer.address}:${peer.port}`] }],
  ])('is admitted again as soon as %s', async (_what, now) => {
    guess(peer)
    expect(send(newRequest())).toBe(0)
    await setKnownSources(now)
    expect(send(newRequest())).toBe('up')
  })

  test('behind the address of a registered phone is banned by its flow, and its neighbours are not', () => {
    const neighbour = { ...phone, port: 5_061 }
    guess(neighbour)
    expect([send(newRequest(), neighbour), send(newRequest(), { ...phone, port: 5_062 }), send(newRequest(), phone)]).toEqual([
      0,
      'up',
      'up',
    ])
  })
})

test('a validated source that sends malformed messages is banned', () => {
  send(newRequest({ method: 'REGISTER', more: credentials(peer.address) }))
  respond(401)
  for (let messages = 0; messages < 60; messages += 1) {
    still.arrives('GET / HTTP/1.1\r\n\r\n')
    still.clock.advance(200)
  }
  expect(send(newRequest())).toBe(0)
})

describe('known', () => {
  test('is a trunk with its URI, at each port of its address', () => {
    expect([isStranger(trunkByName), isStranger({ ...trunkByName, port: 9_000 })]).toEqual([false, false])
  })

  test('is a trunk on this machine at its port alone, because all programs share the address', () => {
    expect([isStranger(localTrunk), isStranger({ ...localTrunk, port: 9_000 })]).toEqual([false, true])
  })
})

describe('a call to an emergency number of another site', () => {
  test.each(['999', '0999', '0999%23'])('proves nothing when it is accepted, because its credentials may be wrong: %s', async (user) => {
    await setKnownSources({ ...known, emergencies: ['999'] })
    send(newRequest({ user, more: credentials(peer.address) }))
    respond(200)
    expect(isStranger()).toBe(true)
  })

  test('and any other accepted call proves its source', async () => {
    await setKnownSources({ ...known, emergencies: ['999'] })
    send(newRequest({ user: '998', more: credentials(peer.address) }))
    respond(200)
    expect(isStranger()).toBe(false)
  })
})

describe('a caller without credentials whose call is accepted', () => {
  test('does not become known, because the source may be forged', () => {
    send(newRequest())
    respond(200)
    expect(isStranger()).toBe(true)
  })

  test('becomes known if its source is validated', () => {
    send(newRequest())
    respond(200)
    still.arrives(newRequest({ method: 'ACK', toTag: 'ours' }))
    expect(isStranger()).toBe(true)
    send(newRequest())
    respond(200)
    expect(isStranger()).toBe(false)
  })

  test('does not become known by a re-INVITE, with or without credentials, because it may belong to an emergency call', () => {
    for (const more of [[], credentials(peer.address)]) {
      send(newRequest({ toTag: 'ours', more }))
      respond(200)
    }
    expect(isStranger()).toBe(true)
  })
})

describe('a source is validated, but not proven,', () => {
  /** Responses that are repeated show that the bytes to that source are not counted any more. */
  function isReal(): boolean {
    send(newRequest())
    respond(486)
    still.clock.advance(20_000)
    return still.net.sent.filter(({ text }) => text.startsWith('SIP/2.0 486')).length > 5
  }

  test('once it has answered a request of ours', () => {
    expect(isReal()).toBe(false)
    const headers = ['Max-Forwards: 70', 'From: <sip:us@test>;tag=u1', 'To: <sip:x@test>', 'Call-ID: ours', 'CSeq: 1 OPTIONS']
    const ours = createRequest({
      method: 'OPTIONS',
      uri: 'sip:x@192.0.2.7',
      headers: headers.map((line) => line.split(': ') as [string, string]),
    })
    const nothing = (): void => undefined
    still.net.clear()
    still.layer.send(ours, still.hop, { onSent: nothing, onResponse: nothing, onTimeout: nothing, onTransportFailure: nothing })
    still.arrives(answer(still.net.sent[0]?.text ?? '', 200))
    expect([isReal(), isStranger()]).toEqual([true, true])
  })

  test('once it sends a request in a dialog', () => {
    send(newRequest({ method: 'INFO', toTag: 'ours' }))
    respond(200)
    expect([isReal(), isStranger()]).toEqual([true, true])
  })

  test('for five minutes', () => {
    send(newRequest({ method: 'INFO', toTag: 'ours' }))
    respond(200)
    still.clock.advance(5 * 60_000)
    expect(isReal()).toBe(false)
  })
})

test('the proof of a connection ends with it: the next one from that port is unknown', () => {
  const sources = createSourceRecords(createManualClock(), 10)
  const sides = { local: at('192.0.2.1'), advertised: at('192.0.2.1') }
  const flow: Flow = { protocol: 'tcp', remote: at('192.0.2.7', 40_000), ...sides, connection: 1 }
  sources.prove(flow)
  expect(sources.of(flow)).toBe('proven')
  sources.forget(flow)
  expect(sources.of({ ...flow, connection: 2 })).toBe('unknown')
})
