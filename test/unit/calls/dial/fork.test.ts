import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { Secret } from '../../../../src/base/secret.js'
import { type AttemptResult, fork } from '../../../../src/calls/dial/fork.js'
import { createSrf, type SipApplication } from '../../../../src/srf/srf.js'
import { createManualClock, type ManualClock } from '../../../support/process/manual-clock.js'
import { offer, type SipPeer } from '../../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../../support/sip/sipd-stage.js'

let stage: SipdStage
let srf: SipApplication
let line: SipPeer
let clock: ManualClock
let heard: number[]
let result: Promise<AttemptResult>

beforeEach(async () => {
  stage = await openSipdStage({ reportsTrying: true })
  const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru'), reportsTrying: true }
  srf = stage.keep(await createSrf({ admin, log: silentLogger() }))
  line = await stage.udpPeer()
  clock = createManualClock()
  heard = []
  const branches = [{ uri: line.uri, parts: {}, device: null }]
  const limits = { ringMs: 60_000, silenceMs: 5_000, noProgressMs: 20_000 }
  const onProvisional = ({ status }: { status: number }): void => void heard.push(status)
  ;({ result } = fork({ srf, clock, branches, sdp: offer, ...limits, onProvisional }))
})
afterEach(() => stage.close())

async function says(...statuses: readonly number[]): Promise<void> {
  const invite = await line.hearsRequest('INVITE')
  for (const status of statuses) line.respond(invite, status)
  await expect.poll(() => heard).toEqual(statuses)
}

async function failure() {
  const outcome = await result
  return outcome.outcome === 'failed' ? [outcome.response.status, outcome.response.reason] : outcome.outcome
}

test('a contact that sends no response at all is given up soon', async () => {
  await line.hearsRequest('INVITE')
  clock.advance(5_000)
  expect(await failure()).toEqual([408, 'Request Timeout'])
})

test('a contact that has sent 100 may take long until it rings, and is given up if it does not', async () => {
  await says(100)
  clock.advance(19_999)
  expect(clock.pending).toBe(2)
  clock.advance(1)
  expect(await failure()).toEqual([408, 'No Progress'])
  expect(await line.hearsRequest('CANCEL')).toBeDefined()
})

test('a ringing contact is given up if nobody answers, and no sooner', async () => {
  await says(100, 183)
  clock.advance(59_999)
  expect(clock.pending).toBe(1)
  clock.advance(1)
  expect(await failure()).toBe('no-answer')
})
