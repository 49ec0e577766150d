import { describe, expect, it } from 'vitest'
import type { DeviceId, NodeName } from '../../../src/base/identity.js'
import { reasonFor } from '../../../src/calls/dial/attempt.js'
import { bestOf } from '../../../src/calls/dial/fork.js'
import { reasonCodeHeader, reasonOf, refusals, responseOf, terminationOf } from '../../../src/calls/failure.js'
import { dialled } from '../../../src/sip/uri/dialled.js'
import type { SipReply } from '../../../src/srf/srf.js'

function answer(status: number, headers: Record<string, string> = {}): SipReply {
  return { status, reason: `Reason ${status}`, header: (name) => headers[name] ?? '', body: '' }
}

describe('the response to a caller', () => {
  it.each([
    ['unknown-number', 404],
    ['not-logged-in', 480],
    ['not-reachable', 480],
    ['no-answer', 480],
    ['busy', 486],
    ['draining', 480],
    ['no-common-codec', 488],
    ['loop', 482],
    ['too-many-hops', 483],
    ['store-lost', 503],
    ['no-trunk', 503],
    ['barred', 480],
    ['over-limit', 480],
  ] as const)('for %s is %i', (reason, status) => {
    expect(responseOf({ reason }).status).toBe(status)
  })

  it('is a final response of RFC 3261 §21, with a phrase of its own, for every refusal', () => {
    for (const { status, phrase } of Object.values(refusals)) {
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(700)
      expect(phrase).not.toBe('')
    }
  })

  it('with 503 carries Retry-After (RFC 3261 §21.5.4)', () => {
    expect(responseOf({ reason: 'store-lost' }).parts.headers).toHaveProperty('Retry-After')
    expect(responseOf({ reason: 'no-trunk' }).parts).toMatchObject({ reason: 'No Trunk Available', headers: { 'Retry-After': '10' } })
  })

  it('is the response of leg B, unchanged', () => {
    const { status, parts } = responseOf({ reason: 'upstream', response: answer(484) })
    expect([status, parts.reason]).toEqual([484, 'Reason 484'])
  })

  it('RFC 3261 §21.6.1: is the 600 of leg B, and 486 in our words for its 486', () => {
    const of = (status: number) => {
      const response = responseOf({ reason: 'busy', response: answer(status, { 'Retry-After': '60' }) })
      return [response.status, response.parts.reason, response.parts.headers]
    }
    expect(of(600)).toEqual([600, 'Reason 600', { [reasonCodeHeader]: 'busy', 'Retry-After': '60' }])
    expect(of(486)).toEqual([486, 'Busy Here', { [reasonCodeHeader]: 'busy' }])
  })

  it.each([401, 407, 302, 422, 481])('is 480 for a %i of leg B, which concerns leg B alone', (status) => {
    expect(responseOf({ reason: 'upstream', response: answer(status) }).status).toBe(480)
  })

  it('is 480 with its phrase for a 403 of leg B, which is not about the credentials of the caller', () => {
    const { status, parts } = responseOf({ reason: 'upstream', response: answer(403) })
    expect([status, parts.reason]).toEqual([480, 'Reason 403'])
  })

  it('has a status about credentials only if the caller has proved nothing', () => {
    const speaking = Object.entries(refusals).filter(([, { status }]) => [401, 403, 407].some((one) => one === status))
    expect(speaking.map(([reason]) => reason)).toEqual(['not-allowed'])
  })

  it('carries the reason of a node, so that 480 keeps its meaning on the way', () => {
    const told = responseOf({ reason: 'not-logged-in' }).parts.headers as Record<string, string>
    expect(reasonOf(answer(480, told))).toBe('not-logged-in')
    expect(reasonOf(answer(480))).toBe('upstream')
  })

  it('does not take a reason from unknown words of an unknown source', () => {
    expect(reasonOf(answer(486, { [reasonCodeHeader]: 'toString' }))).toBe('busy')
  })

  it.each([
    [486, 'busy'],
    [600, 'busy'],
    [408, 'not-reachable'],
    [603, 'declined'],
    [500, 'upstream'],
  ] as const)('after a %i of a phone has the reason %s', (status, reason) => {
    expect(reasonOf(answer(status))).toBe(reason)
    expect(terminationOf({ reason }).reason).toBe(reason)
  })
})

describe('the best of several failures (RFC 3261 §16.7 step 6)', () => {
  it.each([
    [[480, 603], 603],
    [[503, 486], 486],
    [[480, 486], 486],
    [[408, 480], 480],
    [[500, 404], 404],
  ])('of %j it is %i', (statuses, chosen) => {
    expect(bestOf(statuses.map((status) => answer(status))).status).toBe(chosen)
  })
})

describe('a dialled string', () => {
  it.each([
    ['sip:100@hotdesk.example', '100'],
    ['sip:*77*100*@hotdesk.example', '*77*100*'],
    ['sip:%2A77%2A100%2A@hotdesk.example', '*77*100*'],
    ['sip:%23@hotdesk.example', '#'],
    ['sip:+33140000100;phone-context=fr@hotdesk.example;user=phone', '+33140000100'],
    ['tel:+33-1-40.00.01(00)', '+33140000100'],
    ['sip:hotdesk.example', ''],
    ['sip:%E0%A4@hotdesk.example', '\ufffd'],
    ['mailto:a@b', ''],
  ])('%s is %s', (uri, digits) => {
    expect(dialled(uri)).toBe(digits)
  })
})

describe('the reason why nobody was reached', () => {
  const phone = { device: 'HD0001' as DeviceId }
  const trunk = { device: null }

  it.each([404, 408, 410, 430, 477, 478, 500, 502, 503, 504, 604])(
    'is not-reachable for a %i of a phone, and its caller gets 480',
    (status) => {
      const reason = reasonFor(answer(status), [phone])
      expect(reason).toBe('not-reachable')
      expect(responseOf({ reason, response: answer(status) }).status).toBe(480)
    },
  )

  it('is no-answer for a 480 of a phone, whose phrase is passed on (RFC 3261 §21.4.18)', () => {
    const reason = reasonFor(answer(480), [phone])
    expect(reason).toBe('no-answer')
    expect(responseOf({ reason, response: answer(480) })).toMatchObject({ status: 480, parts: { reason: 'Reason 480' } })
    expect(reasonFor(answer(480), [trunk])).toBe('upstream')
  })

  it('is not-reachable for a 480 of a node without a reason, which its SIP server sends if hotdesk has ended there', () => {
    const node = { device: null, node: { name: 'paris-2' as NodeName, boot: 'b1' } }
    expect(reasonFor(answer(480), [node])).toBe('not-reachable')
    expect(reasonFor(answer(480), [phone, node])).toBe('no-answer')
  })

  it('is the one that another node gives, also with 404', () => {
    const node = { device: null, node: { name: 'paris-2' as NodeName, boot: 'b1' } }
    const byNode = { ...answer(404), header: (name: string) => (name === reasonCodeHeader ? 'unknown-number' : '') }
    expect([reasonFor(byNode, [node]), reasonFor(byNode, [phone]), reasonFor(answer(404), [trunk])]).toEqual([
      'unknown-number',
      'not-reachable',
      'unknown-number',
    ])
  })

  it.each([404, 410, 480, 500, 503, 604])('is the %i of a trunk, which is about the number and is passed on', (status) => {
    const reason = reasonFor(answer(status), [trunk])
    expect(responseOf({ reason, response: answer(status) }).status).toBe(status)
  })
})
