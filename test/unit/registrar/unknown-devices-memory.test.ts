import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, test } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { Secret } from '../../../src/base/secret.js'
import { createAuthenticator } from '../../../src/registrar/authentication/authenticator.js'
import { createNames } from '../../../src/registrar/names.js'
import { newTag } from '../../../src/sip/ids.js'
import { createSrf } from '../../../src/srf/srf.js'
import { defaults } from '../../support/node/default-settings.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import type { SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const domain = 'hotdesk.example'
const letters = 'a'.repeat(7_000)
const devices = 300

let stage: SipdStage
/** Of the SIP server: as it stands still, no timer runs out and no source fails for so long that it is banned. */
const clock = createManualClock()
afterEach(() => stage.close())

/** A SIP server, an application behind it that asks for passwords, and nothing else. */
async function openServer(): Promise<SipPeer> {
  stage = await openSipdStage({ clock })
  const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru') }
  const srf = stage.keep(await createSrf({ admin, log: silentLogger() }))
  const directory = { device: () => null, nodes: () => [] }
  const authenticator = createAuthenticator({
    directory,
    names: createNames({ srf, directory, realm: domain, aliases: [], addresses: [] }),
    strengthOf: () => null,
    relationOf: () => 'unknown',
    realm: domain,
    secret: new Secret('the secret of the network'),
    clock: systemClock,
    log: silentLogger(),
    metrics: createMetrics(),
    settings: defaults.sip.digest,
  })
  srf.onRequest('REGISTER', (request) => void authenticator.authenticate(request))
  const peer = await stage.udpPeer()
  const first = peer.request({ method: 'REGISTER', uri: `sip:${domain}` })
  await expect
    .poll(() => {
      peer.send(first)
      return peer.untaken.length > 0
    })
    .toBe(true)
  return peer
}

/** A REGISTER without credentials and one with wrong ones, of a new unknown device; each name is 7 kB long. */
async function register(peer: SipPeer, number: number): Promise<void> {
  const name = `${number}${letters}`
  const phone = createRawPhone({ peer, device: name, password: new Secret('wrong'), domain })
  const request = peer.request({
    method: 'REGISTER',
    uri: `sip:${domain}`,
    to: `sip:${name}@${domain}`,
    callId: `${name}@x`,
    branch: `z9hG4bK${name}`,
    headers: [['User-Agent', name]],
  })
  request.set('From', `<sip:${domain}>;tag=${newTag()}`)
  peer.send(request)
  peer.send(phone.authorized(request, await answerTo(peer, 1)))
  await answerTo(peer, 2)

  async function answerTo(at: SipPeer, cseq: number) {
    const heard = await at.hears('401', ({ callId, cseq: sequence }) => callId === request.callId && sequence.number === cseq)
    if (heard.kind === 'request' || heard.status !== 401) throw new Error('not a challenge')
    return heard
  }
}

/** Kilobytes of the heap in use when everything is over. */
async function inUse(): Promise<number> {
  clock.advance(60_000)
  expect((await stage.sipd.counts()).serverTransactions).toBe(0)
  await pause(systemClock, 50)
  collectGarbage()
  return process.memoryUsage().heapUsed / 1_024
}

async function registerAll(peer: SipPeer, from: number, devices: number): Promise<void> {
  for (let number = from; number < from + devices; number += 1) await register(peer, number)
}

test('names of 7 kB of unknown devices do not stay in memory', async () => {
  const peer = await openServer()
  await registerAll(peer, 10_000, 100)
  const before = await inUse()
  await registerAll(peer, 20_000, devices)
  const left = ((await inUse()) - before) / devices
  process.stdout.write(`${left.toFixed(1)} kB of the heap are left of each device\n`)
  expect(left).toBeLessThan(5)
}, 60_000)
