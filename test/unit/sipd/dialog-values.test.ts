import { describe, expect, it } from 'vitest'
import { parseSessionExpires } from '../../../src/sip/headers/session-expires.js'
import { createRequest, createResponse } from '../../../src/sip/message/builder.js'
import { newResponse } from '../../../src/sip/message/editable-message.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import { flowOfRequest, flowOfResponse, isPrivateHost } from '../../../src/sipd/core/dialogs/flow-choice.js'
import { pathTo } from '../../../src/sipd/core/dialogs/route-set.js'
import { agree, intervalTooSmall, termsOf } from '../../../src/sipd/core/session/session-terms.js'
import { bestResponse } from '../../../src/sipd/proxy/best-response.js'
import type { Flow } from '../../../src/sipd/transaction/transaction-layer.js'

const here = { address: '192.0.2.1', port: 5060 }

function flow(address: string, connection: number | null = null): Flow {
  return { protocol: connection === null ? 'udp' : 'tcp', remote: { address, port: 40_000 }, local: here, advertised: here, connection }
}

function request(headers: readonly (readonly [string, string])[]): SipRequest {
  return createRequest({ method: 'INVITE', uri: 'sip:x@192.0.2.1', headers })
}

const via = (host: string): readonly [string, string] => ['Via', `SIP/2.0/UDP ${host};branch=z9hG4bK1`]
const contact = (host: string): readonly [string, string] => ['Contact', `<sip:a@${host}>`]

describe('the path to a remote target (RFC 3261 §12.2.1.1)', () => {
  it.each([
    ['no route', [], { uri: 'sip:t', routes: [], next: 'sip:t' }],
    ['a loose router', ['<sip:p;lr>', '<sip:q;lr>'], { uri: 'sip:t', routes: ['<sip:p;lr>', '<sip:q;lr>'], next: 'sip:p;lr' }],
    ['a strict router', ['<sip:p>', '<sip:q;lr>'], { uri: 'sip:p', routes: ['<sip:q;lr>', '<sip:t>'], next: 'sip:p' }],
  ])('over %s', (_name, routes, path) => {
    expect(pathTo('sip:t', routes)).toEqual(path)
  })
})

describe('requests in a dialog go', () => {
  it.each([
    [
      'to the Contact: UDP, the Via shows the source address',
      request([via('203.0.113.5'), contact('203.0.113.9')]),
      flow('203.0.113.5'),
      false,
    ],
    ['over the flow: UDP, the Via shows another address', request([via('10.0.0.5'), contact('10.0.0.5')]), flow('203.0.113.5'), true],
    ['over the flow: UDP, public Via and private Contact', request([via('203.0.113.5'), contact('10.0.0.5')]), flow('203.0.113.5'), true],
    [
      'to the Contact: UDP, a name in Via and a public Contact',
      request([via('sbc.example'), contact('203.0.113.9')]),
      flow('203.0.113.5'),
      false,
    ],
    ['over the flow: UDP, local names in Via and Contact', request([via('phone.lan'), contact('phone.lan')]), flow('203.0.113.5'), true],
    ['to the Contact: UDP within one private network', request([via('10.0.0.5'), contact('10.0.0.9')]), flow('10.0.0.5'), false],
    [
      'to the Contact: the request came through a proxy',
      request([via('10.0.0.5'), via('10.0.0.6'), contact('10.0.0.6')]),
      flow('203.0.113.5'),
      false,
    ],
    [
      'not over the flow: there is a route set',
      request([via('10.0.0.5'), contact('10.0.0.5'), ['Record-Route', '<sip:p;lr>']]),
      flow('203.0.113.5'),
      false,
    ],
    ['over the connection: private Contact', request([via('10.0.0.5'), contact('10.0.0.5')]), flow('203.0.113.5', 7), true],
    [
      'over the connection: the Contact shows the source address',
      request([via('203.0.113.5'), contact('203.0.113.5')]),
      flow('203.0.113.5', 7),
      true,
    ],
    ['over the connection: a browser’s Contact', request([via('x.invalid'), contact('x.invalid')]), flow('203.0.113.5', 7), true],
    [
      'to the Contact: it names another public address',
      request([via('203.0.113.5'), contact('203.0.113.9')]),
      flow('203.0.113.5', 7),
      false,
    ],
  ])('when the far end called us, %s', (_name, message, came, overFlow) => {
    expect(flowOfRequest(message, came) !== null).toBe(overFlow)
  })

  it.each([
    ['to the source of the response: the Contact is the host that we called', '10.0.0.5', 'sip:a@10.0.0.5', '10.9.9.9', true],
    ['to the source of the response: private Contact, public source', '10.0.0.5', 'sip:a@example.org', '203.0.113.5', true],
    ['to the Contact: private Contact and source, neither is the host that we called', '10.0.0.5', 'sip:a@example.org', '10.9.9.9', false],
    ['to the Contact: it is public', '203.0.113.9', 'sip:a@example.org', '203.0.113.5', false],
    ['to the Contact: it is the source of the response', '10.0.0.5', 'sip:a@10.0.0.5', '10.0.0.5', false],
  ])('when we called the far end, %s', (_name, host, called, address, overFlow) => {
    const response = newResponse(200, 'OK')
    response.append(...contact(host))
    expect(flowOfResponse(response, { uri: called, overFlow: false }, flow(address)) !== null).toBe(overFlow)
  })

  it('over the flow of the INVITE, unless a proxy record-routes (RFC 5626 §5.3)', () => {
    const response = newResponse(200, 'OK')
    response.append(...contact('203.0.113.9'))
    const called = { uri: 'sip:a@203.0.113.9', overFlow: true }
    expect(flowOfResponse(response, called, flow('203.0.113.5', 7))).toEqual(flow('203.0.113.5', 7))
    response.append('Record-Route', '<sip:p;lr>')
    expect(flowOfResponse(response, called, flow('203.0.113.5', 7))).toBeNull()
  })

  it.each(['10.1.2.3', '172.31.0.1', '192.168.0.1', '100.64.0.1', '127.0.0.1', '169.254.1.1', 'fd00::1', 'fe80::1', '::1', 'a.invalid'])(
    '%s is not public',
    (host) => expect(isPrivateHost(host)).toBe(true),
  )
  it.each(['172.32.0.1', '100.128.0.1', '203.0.113.1', '2001:db8::1', 'example.org'])('%s is public', (host) =>
    expect(isPrivateHost(host)).toBe(false),
  )
})

describe('session timers (RFC 4028)', () => {
  it.each([
    ['1800;refresher=uac', { seconds: 1800, refresher: 'uac' }],
    ['1800 ; refresher = UAS', { seconds: 1800, refresher: 'uas' }],
    ['90', { seconds: 90, refresher: null }],
    ['x', null],
    ['', null],
  ])('parses %j as %j', (text, terms) => {
    expect(parseSessionExpires(text)).toEqual(terms)
  })

  it.each([
    [
      'as requested',
      [
        ['Session-Expires', '1800;refresher=uac'],
        ['Supported', 'timer'],
      ],
      [],
      { seconds: 1800, refresher: 'them' },
    ],
    [
      'by the caller, who supports it and names no refresher',
      [
        ['Session-Expires', '1800'],
        ['Supported', 'timer'],
      ],
      [],
      { seconds: 1800, refresher: 'them' },
    ],
    ['by us, for a caller without support', [['Session-Expires', '1800']], [], { seconds: 1800, refresher: 'us' }],
    ['as the application requests', [['Supported', 'timer']], [['Session-Expires', '60']], { seconds: 90, refresher: 'us' }],
    ['not at all', [['Supported', 'timer']], [], null],
  ] as const)('are refreshed %s', (_name, asked, given, terms) => {
    const invite = request([via('h'), ...asked])
    const response = createResponse(invite, 200)
    for (const [name, value] of given) response.append(name, value)
    expect(agree(invite, response)).toEqual(terms)
    expect(response.has('Session-Expires')).toBe(terms !== null)
    expect(response.has('Require')).toBe(terms?.refresher === 'them')
  })

  it('refuses intervals below 90 s (§9)', () => {
    const asking = (seconds: string, ...able: [string, string][]) => intervalTooSmall(request([['Session-Expires', seconds], ...able]))
    expect([asking('89', ['Supported', 'timer']), asking('90', ['Supported', 'timer']), asking('89')]).toEqual([true, false, false])
  })

  it('after our own request are refreshed by us unless the response names the UAS (§7.2)', () => {
    const response = newResponse(200, 'OK')
    const asked = request([['Session-Expires', '600;refresher=uac']])
    expect(termsOf(request([]), response)).toBeNull()
    expect(termsOf(asked, response)).toEqual({ seconds: 600, refresher: 'us' })
    response.append('Session-Expires', '120')
    expect(termsOf(asked, response)).toEqual({ seconds: 120, refresher: 'us' })
    response.set('Session-Expires', '120;refresher=uas')
    expect(termsOf(asked, response)).toEqual({ seconds: 120, refresher: 'them' })
  })
})

describe('the best response (RFC 3261 §16.7)', () => {
  it.each([
    [[404, 603], 603],
    [[503, 404], 404],
    [[486, 404, 302], 302],
    [[404, 407], 407],
    [[408, 486], 486],
    [[503], 500],
  ])('of %j is %i', (statuses, best) => {
    expect(bestResponse(statuses.map((status) => newResponse(status, 'x')))?.status).toBe(best)
  })

  it('carries the challenges of all branches', () => {
    const [one, two] = [newResponse(407, 'x'), newResponse(401, 'x')]
    one.append('Proxy-Authenticate', 'Digest realm="a"')
    two.append('WWW-Authenticate', 'Digest realm="b"')
    const best = bestResponse([one, two])
    expect([best?.has('Proxy-Authenticate'), best?.has('WWW-Authenticate')]).toEqual([true, true])
  })

  it('is null without failures', () => {
    expect(bestResponse([])).toBeNull()
  })
})
