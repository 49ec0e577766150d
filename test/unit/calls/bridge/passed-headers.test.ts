import { describe, expect, it } from 'vitest'
import { passage, passedHeaders, passedReason } from '../../../../src/calls/bridge/passed-headers.js'
import type { Caller } from '../../../../src/calls/inbound/caller.js'
import type { Trunk } from '../../../../src/dialplan/dialplan.js'

/** Headers with power over a phone or its user, of standards and of vendors. */
const powerful = [
  'Alert-Info',
  'Call-Info',
  'Answer-Mode',
  'Priv-Answer-Mode',
  'P-Auto-Answer',
  'P-Preferred-Identity',
  'P-Asserted-Identity',
  'P-Called-Party-ID',
  'P-Charging-Vector',
  'P-Early-Media',
  'P-Hint',
  'Remote-Party-ID',
  'Diversion',
  'History-Info',
  'Geolocation',
  'Geolocation-Routing',
  'Replaces',
  'Join',
  'Referred-By',
  'Reason',
  'Feature-Caps',
  'Accept-Contact',
  'Reject-Contact',
  'Request-Disposition',
  'Target-Dialog',
  'User-to-User',
  'Identity',
  'Require',
  'Proxy-Require',
  'Route',
  'Path',
  'Server',
  'User-Agent',
  'Date',
  'Allow',
  'Supported',
  'X-Auto-Answer',
  'X-Hotdesk-Passport',
  'X-Hotdesk-Reason',
  'Content-Type',
  'Content-Disposition',
  'Privacy',
  'Session-Expires',
  'Min-SE',
]

const user = { extension: '100', name: 'Alice' }
const callers: Readonly<Record<Caller['kind'], Caller>> = {
  device: { kind: 'device', device: { id: 'HD0001' }, user } as unknown as Caller,
  trunk: { kind: 'trunk', trunk: { name: 'carrier' } as Trunk },
  node: { kind: 'node', node: 'paris-2', hops: 1 } as unknown as Caller,
  own: { kind: 'own', purpose: 'test call' } as Caller,
  unknown: { kind: 'unknown' },
}
const kinds = ['device', 'trunk', 'node', 'unknown'] as const

function passed(caller: Caller, headers: Readonly<Record<string, string>>, granted: readonly string[] = []): readonly string[] {
  const invite = { header: (name: string) => headers[name] ?? '' }
  return Object.keys(passedHeaders(invite, caller, { mayAlert: (extension) => granted.includes(extension) }))
}

const all = Object.fromEntries([...powerful, ...Object.keys(passage)].map((name) => [name, 'normal']))

describe('the headers of a caller', () => {
  it.each([
    ['device', ['Accept-Language', 'Subject', 'Organization', 'Priority']],
    ['trunk', ['Accept-Language']],
    ['node', Object.keys(passage)],
    ['unknown', []],
  ] as const)('from a %s are passed on, and no others', (kind, expected) => {
    expect(passed(callers[kind], all)).toEqual(expected)
  })

  it.each(powerful.filter((name) => !(name in passage)))('never include %s', (name) => {
    expect(kinds.flatMap((kind) => passed(callers[kind], { [name]: 'x' }, ['100']))).toEqual([])
  })

  it('include Alert-Info and Call-Info from the users and trunks that the dial plan names', () => {
    const alerts = { 'Alert-Info': '<http://x>;info=alert-autoanswer', 'Call-Info': '<sip:x>;answer-after=0' }
    expect(passed(callers.device, alerts, ['100'])).toEqual(Object.keys(alerts))
    expect(passed(callers.device, alerts, ['101'])).toEqual([])
    expect(passed({ kind: 'trunk', trunk: { name: 'door', alertInfo: true } as unknown as Trunk }, alerts)).toEqual(Object.keys(alerts))
    expect(passed(callers.trunk, alerts, ['100'])).toEqual([])
  })

  it.each(['emergency', 'psap-callback', 'Emergency ', 'urgent;x=y'])('do not include a Priority of %s', (value) => {
    expect(passed(callers.device, { Priority: value })).toEqual([])
  })
})

describe('the Reason of a CANCEL', () => {
  const reason = 'SIP;cause=200;text="Call completed elsewhere"'
  it('is passed on from a phone and a node; from other sources without its text', () => {
    expect(kinds.map((kind) => passedReason(reason, callers[kind]))).toEqual([reason, 'SIP;cause=200', reason, 'SIP;cause=200'])
    expect(passedReason('Q.850 ; cause=16;text="x"', callers.trunk)).toBe('Q.850;cause=16')
    expect(['', 'preemption;cause=1', 'SIP;cause=1234'].map((text) => passedReason(text, callers.trunk))).toEqual(['', '', ''])
  })
})
