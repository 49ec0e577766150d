import { describe, expect, it } from 'vitest'
import type { DeviceId, NodeName } from '../../../src/base/identity.js'
import { Secret } from '../../../src/base/secret.js'
import type { Device } from '../../../src/directory/directory.js'
import type { Examination } from '../../../src/registrar/authentication/authenticator.js'
import { createRecognition, type RecognitionNeeds } from '../../../src/registrar/recognition.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { HD0001, incoming, natSource, password } from '../../support/sip/registrar-bench.js'

const flow = 'sip:203.0.113.9:40312;transport=udp'

interface Facts {
  readonly boundTo?: string
  /** Other devices that have registered on the flow. */
  readonly alsoOn?: readonly DeviceId[]
  readonly examined?: Examination['outcome']
  readonly password?: string | null
}

function open({ boundTo = '', alsoOn = [], examined = 'none', ...facts }: Facts = {}) {
  const device = { id: HD0001, password: facts.password === null ? null : new Secret(password) } as Device
  const binding = { contact: 'sip:HD0001@203.0.113.9:5060', flow: boundTo, node: 'paris-2' as NodeName } as ReturnType<
    RecognitionNeeds['bindings']['of']
  >[number]
  const clock = createManualClock(1_000_000)
  const on = boundTo === flow ? [HD0001, ...alsoOn] : alsoOn
  const examination: Examination = examined === 'device' ? { outcome: 'device', device: HD0001, digest: 'SHA-256' } : { outcome: examined }
  const recognise = createRecognition({
    directory: { device: (id) => (id === HD0001 ? device : null) },
    bindings: {
      of: (id) =>
        boundTo === '' ? [] : id === HD0001 ? [binding] : alsoOn.includes(id) ? [{ ...binding, contact: `sip:${id}@203.0.113.9` }] : [],
      on: (asked) => (asked === flow ? on : []),
    },
    authenticator: { examine: () => examination },
    names: { isCalled: ({ uri }) => uri.endsWith('@x') },
    clock,
  })
  const ask = (from: string, source = natSource, uri = 'sip:112@x', contact = '') =>
    recognise(incoming({ method: 'INVITE', uri, headers: { From: `<sip:${from}@x>;tag=1`, Contact: contact }, source }).request)
  return { ask, clock }
}

const proven = { outcome: 'proven', device: HD0001, by: 'flow' }

describe('a device is recognised', () => {
  it('by the exact flow of a binding at any node', () => {
    expect(open({ boundTo: flow }).ask('HD0001')).toEqual(proven)
  })

  it.each([
    ['another port', { ...natSource, port: 4_031 }],
    ['a port that begins alike', { ...natSource, port: 4_0312 + 1 }],
    ['another address', { ...natSource, address: '203.0.113.90' }],
    ['another protocol', { ...natSource, protocol: 'tcp' as const }],
  ])('and not by %s', (_, source) => {
    expect(open({ boundTo: flow }).ask('HD0001', source).outcome).not.toBe('proven')
  })

  it('by its flow when it hides its name, unless others are on that flow', () => {
    expect(open({ boundTo: flow }).ask('anonymous')).toEqual(proven)
    expect(open({ boundTo: flow, alsoOn: ['HD0002' as DeviceId] }).ask('anonymous')).toEqual({ outcome: 'unproven', claimed: null })
  })

  it('by its Contact when it hides its name on a shared flow, such as that of an adapter for two telephones', () => {
    const { ask } = open({ boundTo: flow, alsoOn: ['HD0002' as DeviceId] })
    const from = (contact: string) => ask('anonymous', natSource, undefined, contact)
    expect(from('<sip:HD0001@203.0.113.9:5060;ob>')).toEqual(proven)
    expect(from('"Hidden" <sip:HD0002@203.0.113.9>;expires=60')).toEqual({ ...proven, device: 'HD0002' })
    expect(from('<sip:HD0003@203.0.113.9>').outcome).toBe('unproven')
    expect(
      open({ alsoOn: ['HD0002' as DeviceId] }).ask('anonymous', { ...natSource, port: 1 }, undefined, '<sip:HD0002@203.0.113.9>').outcome,
    ).toBe('unproven')
  })

  it('by a valid digest', () => {
    expect(open({ examined: 'device' }).ask('HD0001')).toEqual({ outcome: 'proven', device: HD0001, by: 'digest' })
  })

  it('but not by a digest for a number at another network, which a third party may have obtained', () => {
    expect(open({ examined: 'device' }).ask('HD0001', natSource, 'sip:112@elsewhere')).toEqual({ outcome: 'unproven', claimed: HD0001 })
  })

  it('by its flow, whatever network it calls', () => {
    expect(open({ boundTo: flow }).ask('HD0001', natSource, 'sip:112@elsewhere')).toEqual(proven)
  })

  it.each<readonly [string, Facts]>([
    ['wrong credentials', { examined: 'wrong' }],
    ['no password that a challenge could prove', { password: null }],
  ])('and not with %s: it is not challenged either', (_, facts) => {
    expect(open(facts).ask('HD0001')).toEqual({ outcome: 'unproven', claimed: HD0001 })
  })

  it.each(['none', 'stale'] as const)('by a challenge where credentials are %s, once in a minute for one flow', (examined) => {
    const { ask, clock } = open({ examined })
    const outcomes = [ask('HD0001'), ask('HD0001'), ask('HD0001', { ...natSource, address: '203.0.113.10' })].map(({ outcome }) => outcome)
    expect(outcomes).toEqual(['provable', 'unproven', 'provable'])
    clock.advance(60_000)
    expect(ask('HD0001').outcome).toBe('provable')
  })

  it('by a challenge, whatever other ports of its address, which may be forged, have sent in its name', () => {
    const { ask } = open()
    for (const port of [1_024, 1_025, 1_026]) ask('HD0001', { ...natSource, port })
    expect([ask('HD0001'), ask('HD0001')].map(({ outcome }) => outcome)).toEqual(['provable', 'unproven'])
  })

  it('by one challenge a minute if each attempt has a connection of its own', () => {
    const { ask } = open()
    const outcomes = [1_024, 1_025].map((port) => ask('HD0001', { ...natSource, protocol: 'tcp', port }).outcome)
    expect(outcomes).toEqual(['provable', 'unproven'])
  })

  it('only if it is in the directory', () => {
    expect(open().ask('HD0002')).toEqual({ outcome: 'unproven', claimed: null })
  })
})
