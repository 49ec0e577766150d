import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { Secret } from '../../../../src/base/secret.js'
import { type AttemptResult, fork } from '../../../../src/calls/dial/fork.js'
import { patienceWithTrying } from '../../../../src/calls/dial/trunk-attempt.js'
import { createSrf, type SipApplication } from '../../../../src/srf/srf.js'
import { dnsOf } from '../../../support/net/places-dns.js'
import { createManualClock, type ManualClock } from '../../../support/process/manual-clock.js'
import { offer, type SipPeer } from '../../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../../support/sip/sipd-stage.js'

// A trunk whose host name has two addresses, the first one dead, and the time that an emergency call allows it.
const limits = { ringMs: 60_000, silenceMs: patienceWithTrying.locatedMs, noProgressMs: 20_000 }
let ports: readonly number[] = []
const dns = dnsOf(() => ports)

let clock: ManualClock
let stage: SipdStage
let srf: SipApplication
let dead: SipPeer
let alive: SipPeer

beforeEach(async () => {
  clock = createManualClock(Date.UTC(2026, 0, 1))
  stage = await openSipdStage({ clock, dns, reportsTrying: true })
  const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru'), reportsTrying: true }
  srf = stage.keep(await createSrf({ admin, log: silentLogger() }))
  ;[dead, alive] = [await stage.udpPeer(), await stage.udpPeer()]
  ports = [dead.port, alive.port]
})
afterEach(() => stage.close())

function called(heard: number[]): Promise<AttemptResult> {
  const parts = { credentials: { username: 'paris', password: new Secret('carrier') } }
  const branches = [{ uri: 'sip:112@line.test', parts, device: null }]
  const onProvisional = ({ status }: { status: number }): void => void heard.push(status)
  return fork({ srf, clock, branches, sdp: offer, ...limits, onProvisional }).result
}

test('the second address gets the call in time', async () => {
  const heard: number[] = []
  const result = called(heard)
  await dead.hearsRequest('INVITE')
  clock.advance(2_000)
  const invite = await alive.hearsRequest('INVITE')
  alive.respond(invite, 180)
  await expect.poll(() => heard).toEqual([180])
  clock.advance(10_000)
  alive.respond(invite, 486)
  expect(await result).toMatchObject({ outcome: 'failed', response: { status: 486 } })
})

test('the second address gets the call in time even if it asks for credentials', async () => {
  const heard: number[] = []
  const result = called(heard)
  await dead.hearsRequest('INVITE')
  clock.advance(2_000)
  alive.respond(await alive.hearsRequest('INVITE'), 407, [['Proxy-Authenticate', 'Digest realm="carrier", nonce="1", qop="auth"']])
  // The dead address is not tried again before.
  const proven = await alive.hearsRequest('INVITE')
  expect(proven.has('Proxy-Authorization')).toBe(true)
  alive.respond(proven, 180)
  await expect.poll(() => heard).toEqual([180])
  alive.respond(proven, 486)
  expect(await result).toMatchObject({ outcome: 'failed', response: { status: 486 } })
})
