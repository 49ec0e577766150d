import { beforeEach, describe, expect, it } from 'vitest'
import type { DeviceId } from '../../../src/base/identity.js'
import type { SipSource } from '../../../src/srf/srf.js'
import { seedDevices, useSeededStore } from '../../support/redis/seeded-store.js'
import { type Bench, createBench, HD0001 } from '../../support/sip/registrar-bench.js'

const seeded = useSeededStore()
const HD0002 = 'HD0002' as DeviceId
const tcp = (port: number): SipSource => ({ protocol: 'tcp', address: '192.0.2.7', port })
const nobody = (): boolean => false
const everybody = (): boolean => true

/** A registrar of a draining node, and the SIP server beside it. */
interface Stage extends Bench {
  /** Connections that the SIP server was asked to close, by request. */
  readonly asked: (readonly string[])[]
  closed(flow: string): void
}

let stage: Stage
let mustMove: () => boolean

beforeEach(() => {
  mustMove = nobody
  const listeners = new Set<(flow: string) => void>()
  const asked: (readonly string[])[] = []
  const bench = createBench(seeded.store, {
    mustMove: () => mustMove(),
    closeIdle(flows) {
      asked.push(flows)
      return Promise.resolve()
    },
    onFlowGone(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  const closed = (flow: string): void => {
    for (const listener of listeners) listener(flow)
  }
  stage = Object.assign(bench, { asked, closed })
  return () => stage.close()
})

/** The status of a REGISTER of this phone. */
function registers(device: DeviceId, source: SipSource, more: Readonly<Record<string, string>> = {}): number {
  const credentials = stage.credentials({ username: device, method: 'REGISTER', source })
  const contact = `<sip:${device}@${source.address}:${source.port};transport=${source.protocol}>`
  const aor = `<sip:${device}@hotdesk.example>`
  const headers = { From: `${aor};tag=a`, To: aor, Contact: contact, Authorization: credentials, ...more }
  return stage.deliver({ headers, source, callId: `of ${device}` }).status
}

describe('the connection of a phone that moves to another node', () => {
  it('is closed, if it is a connection and the phone may leave; the SIP server is asked again after 5 s', async () => {
    await seedDevices(seeded.store, [HD0002])
    const { relocation } = stage.registrar
    expect([registers(HD0001, tcp(40_001)), registers(HD0002, { ...tcp(40_002), protocol: 'udp' })]).toEqual([200, 200])
    relocation.sendAway(nobody)
    relocation.sendAway(everybody)
    relocation.sendAway(everybody)
    expect(stage.asked).toEqual([['tcp 192.0.2.7:40001']])
    stage.clock.advance(5_000)
    relocation.sendAway(everybody)
    expect(stage.asked).toHaveLength(2)
  })

  it('stays open until all devices on it may leave, and behind a proxy always', async () => {
    await seedDevices(seeded.store, [HD0002])
    const { relocation } = stage.registrar
    registers(HD0001, tcp(40_001))
    registers(HD0002, tcp(40_001))
    relocation.sendAway((device) => device === HD0001)
    expect(stage.asked).toEqual([])
    const two = 'SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKa, SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKb'
    registers(HD0002, tcp(40_001), { Via: two })
    relocation.sendAway(everybody)
    expect(stage.asked).toEqual([])
    registers(HD0002, tcp(40_003))
    relocation.sendAway(everybody)
    expect(stage.asked.flat()).toEqual(['tcp 192.0.2.7:40003'])
  })
})

describe('a phone that was sent away', () => {
  it('gets 503 here for a minute; then it knows no other node, and is taken back and left alone until the draining ends', () => {
    const { relocation } = stage.registrar
    registers(HD0001, tcp(40_001))
    mustMove = everybody
    relocation.sendAway(everybody)
    stage.closed('tcp 192.0.2.7:40001')
    expect(registers(HD0001, tcp(40_002))).toBe(503)
    stage.clock.advance(59_000)
    expect(registers(HD0001, tcp(40_002))).toBe(503)
    stage.clock.advance(1_000)
    expect(registers(HD0001, tcp(40_003))).toBe(200)
    relocation.sendAway(everybody)
    expect(stage.asked).toHaveLength(1)
    relocation.end()
    expect(registers(HD0001, tcp(40_003))).toBe(503)
    relocation.sendAway(everybody)
    expect(stage.asked.at(-1)).toEqual(['tcp 192.0.2.7:40003'])
  })

  it('is not one whose connection has closed by itself', () => {
    registers(HD0001, tcp(40_001))
    mustMove = everybody
    stage.closed('tcp 192.0.2.7:40001')
    stage.clock.advance(120_000)
    expect(registers(HD0001, tcp(40_002))).toBe(503)
  })
})
