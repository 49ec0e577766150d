import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import {
  followKnownSources,
  type KnownSourcesNeeds,
  type KnownSourcesWatch,
  knownSourcesNow,
} from '../../../src/registrar/known-sources.js'
import type { KnownSources } from '../../../src/sipd/sipd.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'

const trunks = [
  { uri: 'sip:trunk.example', from: ['192.0.2.40', '2001:0DB8:0:0:0:0:0:40'] },
  { uri: 'sip:203.0.113.5:5070;transport=tcp', from: [] },
]
const challenge = { realm: 'hotdesk.test', algorithms: ['MD5'], key: new Secret('11'), issuer: '01', lifetimeMs: 1 } as const

test('the SIP server gets trunks, nodes and the flows of phones, in the spelling of its sockets', () => {
  const nodes = () => [{ sip: 'udp:192.0.2.10:5060' }, { sip: 'tls:[2001:db8::10]:5061' }, { sip: '' }]
  const flows = () => ['sip:192.0.2.7:5060;transport=udp', 'sip:[2001:db8::7]:40312;transport=tcp', 'sip:192.0.2.8', 'nowhere']
  const emergencies = () => ['112', '999', '112']
  const behindNat = () => ['sip:192.0.2.7:5060;transport=udp;hotdesk-flow=192.0.2.10:5060']
  expect(
    knownSourcesNow({
      plan: () => ({ trunks, emergencyDialled: ['112', '0112'] }),
      nodes,
      flows,
      behindNat,
      keepAliveMs: () => 25_000,
      emergencies,
      challenge,
    }),
  ).toEqual({
    addresses: ['192.0.2.40', '2001:db8::40'],
    uris: [
      'sip:trunk.example',
      'sip:203.0.113.5:5070;transport=tcp',
      'sip:192.0.2.10:5060;transport=udp',
      'sip:[2001:db8::10]:5061;transport=tls',
    ],
    flows: ['udp 192.0.2.7:5060', 'tcp 2001:db8::7:40312', 'udp 192.0.2.8:5060'],
    keepAlive: { phones: ['sip:192.0.2.7:5060;transport=udp;hotdesk-flow=192.0.2.10:5060'], everyMs: 25_000 },
    ownEmergencies: ['112', '0112'],
    emergencies: ['112', '999'],
    challenge,
  })
})

let clock: ManualClock
let watch: KnownSourcesWatch
let flows: string[]
let plan: ReturnType<KnownSourcesNeeds['plan']>
let isAway = false
let everyMs = 0
const told: KnownSources[] = []

function follow(lines: typeof trunks): KnownSourcesWatch {
  told.length = 0
  plan = { trunks: lines, emergencyDialled: [] }
  return followKnownSources({
    plan: () => plan,
    nodes: () => [],
    flows: () => flows,
    behindNat: () => ['sip:192.0.2.7:5060'],
    keepAliveMs: () => everyMs,
    emergencies: () => [],
    challenge,
    setKnownSources: (sources) => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(void told.push(sources))),
    clock,
    log: silentLogger(),
  })
}

beforeEach(() => {
  clock = createManualClock()
  flows = ['sip:192.0.2.7:5060']
  isAway = false
  watch = follow(trunks)
})
afterEach(() => watch.close())

async function fiveSeconds(): Promise<void> {
  clock.advance(5_000)
  await new Promise(setImmediate)
}

test('it gets them at once, and again within five seconds of each change', async () => {
  expect(told.map((each) => each.flows)).toEqual([['udp 192.0.2.7:5060']])
  await fiveSeconds()
  expect(told).toHaveLength(1)
  flows = ['sip:192.0.2.7:5060', 'sip:192.0.2.8:5060']
  await fiveSeconds()
  expect(told.map((each) => each.flows.length)).toEqual([1, 2])
})

test('an empty list is sent at once: from then on all sources are unknown', () => {
  watch.close()
  flows = []
  watch = follow([])
  expect(told).toEqual([
    { addresses: [], uris: [], flows: [], keepAlive: { phones: [], everyMs: 0 }, ownEmergencies: [], emergencies: [], challenge },
  ])
})

test('a reload of the dial plan takes effect at once, with its trunks and emergency numbers', async () => {
  plan = { trunks: trunks.slice(1), emergencyDialled: ['15'] }
  watch.look()
  await new Promise(setImmediate)
  expect(told.at(-1)).toMatchObject({ uris: ['sip:203.0.113.5:5070;transport=tcp'], addresses: [], ownEmergencies: ['15'] })
})

test('a reload of the interval of keep-alives takes effect in the next round', async () => {
  everyMs = 20_000
  await fiveSeconds()
  expect(told.at(-1)?.keepAlive).toEqual({ phones: ['sip:192.0.2.7:5060'], everyMs: 20_000 })
  everyMs = 30_000
  await fiveSeconds()
  expect(told.at(-1)?.keepAlive?.everyMs).toBe(30_000)
  everyMs = 0
  await fiveSeconds()
  expect(told.at(-1)?.keepAlive).toEqual({ phones: [], everyMs: 0 })
})

test('a SIP server that was away gets them when it is back', async () => {
  isAway = true
  flows = []
  await fiveSeconds()
  isAway = false
  await fiveSeconds()
  expect(told.map((each) => each.flows.length)).toEqual([1, 0])
})
