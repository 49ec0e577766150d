import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createResponse } from '../../../src/sip/message/builder.js'
import { openStillLayer, peer, type StillLayer, we, wire } from '../../support/sip/still-layer.js'

let still: StillLayer
beforeEach(async () => {
  still = await openStillLayer()
})
afterEach(() => still.layer.close())

const invite = { line: 'INVITE sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bK1', cseq: '1 INVITE' }
const cancel = { line: 'CANCEL sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bK1', cseq: '1 CANCEL' }
const statuses = (): readonly string[] => still.net.sent.map(({ text }) => text.split(' ')[1] ?? '')

describe('RFC 3261 §17.2.3: matching requests to server transactions', () => {
  test('the branch, the sent-by and the method MUST be the same', () => {
    still.arrives(wire({ line: 'OPTIONS sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bK1', cseq: '1 OPTIONS', callId: 'a' }))
    still.arrives(
      wire({ line: 'OPTIONS sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bK1', cseq: '1 OPTIONS', callId: 'b', sentBy: '192.0.2.8:5060' }),
    )
    still.arrives(wire({ line: 'INFO sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bK1', cseq: '1 INFO', callId: 'c' }))
    still.arrives(wire({ line: 'OPTIONS sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bK1', cseq: '1 OPTIONS', callId: 'a' }))
    expect(still.transactions.map(({ request }) => request.callId)).toEqual(['a', 'b', 'c'])
  })

  test('without the magic cookie it is matched by what makes a request of RFC 2543 unique, ACK included', () => {
    const old = { ...invite, branch: '1' }
    still.arrives(wire(old))
    still.arrives(wire(old))
    still.arrives(wire({ ...old, callId: 'another' }))
    expect(still.transactions).toHaveLength(2)
    const [first] = still.transactions
    first?.respond(createResponse(first.request, 486, undefined, 'ours'))
    still.arrives(wire({ ...old, line: 'ACK sip:b@192.0.2.1 SIP/2.0', cseq: '1 ACK', toTag: 'ours' }))
    still.clock.advance(600)
    expect(statuses()).toEqual(['486'])
    expect(still.acks).toHaveLength(0)
  })
})

describe('RFC 3261 §9.2: CANCEL', () => {
  test('finds the INVITE with the same branch and sent-by, and is a transaction of its own', () => {
    still.arrives(wire(invite))
    still.arrives(wire(cancel))
    const [first, second] = still.transactions
    expect([second?.request.method, second?.cancels]).toEqual(['CANCEL', first])
    still.arrives(wire(cancel))
    expect(still.transactions).toHaveLength(2)
  })

  test('that matches no INVITE has no transaction to cancel', () => {
    still.arrives(wire(invite))
    still.arrives(wire({ ...cancel, branch: 'z9hG4bKother' }))
    expect(still.transactions[1]?.cancels).toBeNull()
  })
})

describe('RFC 3261 §8.2.2.2: merged requests', () => {
  test('the same Call-ID, From tag and CSeq by another way, without a To tag, SHOULD be answered 482', () => {
    still.arrives(wire(invite))
    still.arrives(wire({ ...invite, branch: 'z9hG4bKforked' }))
    expect(still.transactions).toHaveLength(1)
    expect(statuses()).toEqual(['482'])
    expect(still.layer.counts().merged).toBe(1)
  })

  test('the next request of the same call is another one: an INVITE that comes again with credentials while the refused one is remembered', () => {
    still.arrives(wire(invite))
    const [first] = still.transactions
    first?.respond(createResponse(first.request, 407, undefined, 'x'))
    still.arrives(wire({ ...invite, branch: 'z9hG4bKagain', cseq: '2 INVITE' }))
    expect(still.transactions).toHaveLength(2)
    expect(still.layer.counts().merged).toBe(0)
  })

  test('a request inside a dialog is never a merged one', () => {
    still.arrives(wire({ ...invite, toTag: 'ours' }))
    still.arrives(wire({ ...invite, toTag: 'ours', branch: 'z9hG4bKother' }))
    expect(still.transactions).toHaveLength(2)
  })
})

describe('RFC 3261 §18.2 and RFC 3581 §4: where responses go', () => {
  const seen = { address: '198.51.100.9', port: 40_000 }
  const viaOf = (text: string): string => /^Via: (.*)$/m.exec(text.replaceAll('\r', ''))?.[1] ?? ''

  function answered(viaParams: string, sentBy?: string): { to: unknown; via: string } {
    still.arrives(
      wire({
        line: 'OPTIONS sip:b@192.0.2.1 SIP/2.0',
        branch: 'z9hG4bK1',
        cseq: '1 OPTIONS',
        viaParams,
        ...(sentBy !== undefined && { sentBy }),
      }),
      seen,
    )
    const [transaction] = still.transactions
    if (transaction) transaction.respond(createResponse(transaction.request, 200))
    return { to: still.net.sent[0]?.to, via: viaOf(still.net.sent[0]?.text ?? '') }
  }

  test('with rport the server MUST fill in the source port, MUST insert received, and answers to the source', () => {
    expect(answered(';rport')).toEqual({
      to: seen,
      via: `SIP/2.0/UDP ${peer.address}:${peer.port};branch=z9hG4bK1;rport=40000;received=198.51.100.9`,
    })
  })

  test('without rport received MUST be added if sent-by differs from the source, and the response goes to the port of sent-by', () => {
    expect(answered('')).toEqual({
      to: { address: seen.address, port: peer.port },
      via: `SIP/2.0/UDP ${peer.address}:${peer.port};branch=z9hG4bK1;received=198.51.100.9`,
    })
  })

  test('without rport, received and a port the response goes to the default port', () => {
    expect(answered('', seen.address)).toEqual({
      to: { address: seen.address, port: 5060 },
      via: 'SIP/2.0/UDP 198.51.100.9;branch=z9hG4bK1',
    })
  })
})

test('a malformed request gets a response if its top Via is usable, is counted, and disturbs no other', () => {
  still.arrives(wire(invite))
  still.arrives(wire({ ...invite, branch: 'z9hG4bK2', callId: 'two', cseq: '1 OPTIONS' }))
  still.arrives('garbage\r\n\r\n')
  still.arrives('\r\n\r\n')
  still.arrives('SIP/2.0 200 OK\r\n\r\n')
  still.arrives(wire({ ...invite, line: 'INVITE sip:b@192.0.2.1 SIP/7.0', branch: 'z9hG4bK3', callId: 'three' }))
  expect(statuses()).toEqual(['400', '505'])
  expect(still.layer.counts()).toMatchObject({ malformed: 4, requests: 1, faults: 0 })
  expect(still.transactions).toHaveLength(1)
})

test('a full table responds 503 with Retry-After, and accepts ACKs and copies of known requests', async () => {
  await still.layer.close()
  still = await openStillLayer({ limits: { transactions: 1 } })
  still.arrives(wire(invite))
  still.arrives(wire({ ...invite, branch: 'z9hG4bK2', callId: 'two' }))
  expect(statuses()).toEqual(['503'])
  expect(still.net.sent[0]?.text).toMatch(/\r\nRetry-After: \d+\r\n/)
  still.arrives(wire(invite))
  expect(still.layer.counts()).toMatchObject({ refused: 1, absorbed: 1 })
  expect(still.layer.listening[0]?.local).toEqual(we)
})
