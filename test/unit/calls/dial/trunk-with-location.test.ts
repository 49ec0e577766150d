import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { createMetrics } from '../../../../src/base/metrics.js'
import { Secret } from '../../../../src/base/secret.js'
import type { Call } from '../../../../src/calls/call.js'
import type { Attempt } from '../../../../src/calls/dial/fork.js'
import { tryTrunk } from '../../../../src/calls/dial/trunk-attempt.js'
import { loadDialplan } from '../../../../src/dialplan/dialplan.js'
import { createSrf, type SipApplication } from '../../../../src/srf/srf.js'
import { createTrunks } from '../../../../src/trunks/trunks.js'
import { livePlan } from '../../../support/node/live-plan.js'
import { createManualClock, type ManualClock } from '../../../support/process/manual-clock.js'
import { offer, type SipPeer } from '../../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../../support/sip/sipd-stage.js'
import { aloneInParis } from '../../../support/sip/trunk-bench.js'

// An emergency call over a trunk that takes the location of the phone (RFC 6442), and how long the trunk may then be silent.
let clock: ManualClock
let stage: SipdStage
let srf: SipApplication
let trunk: SipPeer
let heard: number[]

beforeEach(async () => {
  clock = createManualClock(Date.UTC(2026, 0, 1))
  stage = await openSipdStage({ clock, reportsTrying: true })
  const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru'), reportsTrying: true }
  srf = stage.keep(await createSrf({ admin, log: silentLogger() }))
  trunk = await stage.udpPeer()
  heard = []
})
afterEach(() => stage.close())

function call({ isLast }: { isLast: boolean }): Attempt {
  const text = `
site: paris
elin: "+33199000000"
extensions: ["10X"]
trunks:
  line: { uri: "sip:127.0.0.1:${trunk.port}", location: pidf-lo }
`
  const log = silentLogger()
  const dialplan = loadDialplan({ text, file: 'paris.yaml', log })
  const [line] = dialplan.trunks
  if (line === undefined) throw new Error('no trunk')
  const trunks = createTrunks({
    srf,
    plan: livePlan(dialplan),
    ...aloneInParis,
    store: { clock: { ...clock, aheadMs: 0 } },
    clock,
    log,
    metrics: createMetrics(),
  })
  const party = { name: '', number: '+33199000003', isPrivate: false, isAsserted: true }
  const onResponse = ({ status }: { status: number }): void => void heard.push(status)
  const begun = { offer, headers: {}, log, plan: dialplan, progress: { reached: '', legs: [] } } as unknown as Call
  return tryTrunk(
    begun,
    { trunk: line, number: '112', party, location: 'desk 3', diversions: [], isLast, onResponse },
    { srf, clock, trunks },
  )
}

test('a trunk that sends 100 in time and rings much later keeps the call with the location', async () => {
  const { result } = call({ isLast: true })
  const invite = await trunk.hearsRequest('INVITE')
  expect(invite.has('Geolocation')).toBe(true)
  trunk.respond(invite, 100)
  await expect.poll(() => heard).toEqual([100])
  clock.advance(19_000)
  trunk.respond(invite, 180)
  await expect.poll(() => heard).toEqual([100, 180])
  clock.advance(60_000)
  trunk.respond(invite, 486)
  expect(await result).toMatchObject({ outcome: 'failed', response: { status: 486 } })
  expect(trunk.untaken).toEqual(['ACK'])
})

test('the last trunk, if it sends 100 and nothing more for 20 seconds, gets the call once more without the location', async () => {
  const { result } = call({ isLast: true })
  const located = await trunk.hearsRequest('INVITE')
  trunk.respond(located, 100)
  await expect.poll(() => heard).toEqual([100])
  clock.advance(20_000)
  expect((await trunk.hearsRequest('CANCEL')).callId).toBe(located.callId)
  const plain = await trunk.hears('the INVITE without location', ({ callId }) => callId !== located.callId)
  if (plain.kind === 'response') throw new Error('not an INVITE')
  expect([plain.method, plain.has('Geolocation'), plain.first('Content-Type')]).toEqual(['INVITE', false, 'application/sdp'])
  trunk.respond(plain, 486)
  expect(await result).toMatchObject({ outcome: 'failed', response: { status: 486 } })
})

test('a trunk before the last that makes no progress loses the call to the next one', async () => {
  const { result } = call({ isLast: false })
  trunk.respond(await trunk.hearsRequest('INVITE'), 100)
  await expect.poll(() => heard).toEqual([100])
  clock.advance(20_000)
  expect(await result).toMatchObject({ outcome: 'failed', response: { status: 408, reason: 'No Progress' } })
})

test('a trunk that sends nothing for 2.5 seconds gets the call without the location at once', async () => {
  const { result } = call({ isLast: true })
  const located = await trunk.hearsRequest('INVITE')
  clock.advance(2_500)
  const plain = await trunk.hears(
    'the INVITE without location',
    (message) => message.kind === 'request' && message.callId !== located.callId,
  )
  if (plain.kind === 'response') throw new Error('not an INVITE')
  expect(plain.has('Geolocation')).toBe(false)
  trunk.respond(plain, 486)
  expect(await result).toMatchObject({ outcome: 'failed', response: { status: 486 } })
})
