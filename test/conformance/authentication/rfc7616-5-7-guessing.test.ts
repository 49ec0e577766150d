import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createMetrics, type Metrics } from '../../../src/base/metrics.js'
import { Secret } from '../../../src/base/secret.js'
import type { SipSource } from '../../../src/srf/srf.js'
import type { Store } from '../../../src/store/store.js'
import { keyOf } from '../../support/redis/redis-store.js'
import { openSeededStore } from '../../support/redis/seeded-store.js'
import { type Bench, challengesIn, createBench, HD0001, incoming, natSource, password, realm } from '../../support/sip/registrar-bench.js'

let seeded: Awaited<ReturnType<typeof openSeededStore>>
let store: Store
let metrics: Metrics
let bench: Bench

beforeAll(async () => {
  seeded = await openSeededStore()
  store = seeded.store
})

afterAll(() => seeded.close())

const registration = 'the registration of HD0001'

/** HD0001 is registered from `natSource`. */
beforeEach(async () => {
  metrics = createMetrics()
  bench = createBench(store, { metrics })
  await register()
  return async () => {
    await unregister()
    await bench.close()
  }
})

async function register(): Promise<void> {
  bench.register({ Contact: '<sip:HD0001@203.0.113.9>' }, { callId: registration })
  await keyOf(store, 'reg:HD0001', (record) => record !== undefined)
}

async function unregister(): Promise<void> {
  bench.register({ Contact: '*', Expires: '0' }, { callId: registration })
  await keyOf(store, 'reg:HD0001', (record) => record === undefined)
}

/** Another phone behind the same NAT, and an unknown source. */
const neighbour: SipSource = { ...natSource, port: 50_000 }
const stranger: SipSource = { ...natSource, address: '198.51.100.4' }

interface Sent {
  readonly source: SipSource
  readonly password?: string
  readonly username?: string
  readonly callId?: string
}

function send({ source, callId = 'another call', ...parts }: Sent) {
  const headers = { ...(parts.username && { To: `<sip:${parts.username}@${realm}>` }) }
  return bench.deliver({ source, callId, headers: { ...headers, Authorization: bench.credentials({ ...parts, source }) } })
}

function guess(times: number, sent: Omit<Sent, 'password'>): void {
  for (let round = 0; round < times; round++) expect(send({ ...sent, password: `guess ${round}` }).status).toBe(401)
}

function guessFromEverywhere(): void {
  for (let address = 101; address <= 160; address++) guess(1, { source: { ...stranger, address: `198.51.100.${address}` } })
}

async function refused(reason: 'held' | 'password'): Promise<number> {
  const { values } = await metrics.digestRefusedTotal.get()
  return values.find(({ labels }) => labels.reason === reason)?.value ?? 0
}

describe('RFC 7616 §5.7: guessing a password', () => {
  it('is limited, and the right password among the guesses gets the same response as a wrong one, until the guesser has waited', async () => {
    guess(15, { source: neighbour })
    expect([await refused('password'), await refused('held')]).toEqual([10, 5])
    const answer = send({ source: neighbour })
    expect([answer.status, challengesIn(answer).map(({ stale }) => stale)]).toEqual([401, [false, false]])
    bench.clock.advance(60_000)
    expect(send({ source: neighbour }).status).toBe(200)
  })

  it('is limited in the same way for an unknown device name', async () => {
    guess(15, { source: neighbour, username: 'HD9999' })
    expect([await refused('password'), await refused('held')]).toEqual([10, 5])
  })

  it('does not block the phone on its own flow or, with the Call-ID of its registration, on a new one', () => {
    guess(15, { source: neighbour })
    expect([send({ source: natSource }).status, send({ source: neighbour, callId: registration }).status]).toEqual([200, 200])
  })

  it('stays limited if another method than REGISTER has this Call-ID', () => {
    guess(15, { source: neighbour })
    const credentials = bench.credentials({ method: 'INVITE', source: neighbour })
    const headers = { From: `<sip:HD0001@${realm}>`, 'Proxy-Authorization': credentials }
    const { request } = incoming({ method: 'INVITE', source: neighbour, callId: registration, headers })
    expect(bench.registrar.authenticate(request).outcome).toBe('refused')
  })

  it('from fifty unknown addresses blocks unknown addresses, and no address that the device is registered from', () => {
    guessFromEverywhere()
    expect([send({ source: stranger }).status, send({ source: neighbour }).status]).toEqual([401, 200])
  })

  it('from fifty unknown addresses does not block the address of the device’s last registration', async () => {
    await keyOf(store, 'device:HD0001', (record) => record?.get('digest')?.startsWith('SHA-256 203.0.113.9') === true)
    await unregister()
    guessFromEverywhere()
    expect([send({ source: stranger }).status, send({ source: neighbour }).status]).toEqual([401, 200])
    await register()
  })

  it('does not block a device that gets a new password', async () => {
    guess(15, { source: neighbour })
    const changed = new Promise((resolve) => bench.directory.onDeviceChange(resolve))
    await bench.directory.putDevice(HD0001, { password: new Secret('another sesame') })
    expect(await changed).toBe(HD0001)
    expect(send({ source: neighbour, password: 'another sesame' }).status).toBe(200)
    const changedBack = new Promise((resolve) => bench.directory.onDeviceChange(resolve))
    await bench.directory.putDevice(HD0001, { password: new Secret(password) })
    await changedBack
  })
})
