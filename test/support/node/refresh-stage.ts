import { beforeEach, expect } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import type { DeviceId, NodeName, SiteName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { Secret } from '../../../src/base/secret.js'
import { joinNetwork, type Membership } from '../../../src/directory/directory.js'
import { createHotdesk, type Hotdesk } from '../../../src/hotdesk/hotdesk.js'
import { createPhones, type Phones } from '../../../src/phones/phones.js'
import type { OutgoingParts, SipReply } from '../../../src/srf/srf.js'
import type { Store } from '../../../src/store/store.js'
import type { TestRedis } from '../redis/redis.js'
import { keyOf } from '../redis/redis-store.js'
import { useSeededStore } from '../redis/seeded-store.js'
import { type Bench, createBench, createSipPort, HD0001 } from '../sip/registrar-bench.js'
import { defaults } from './default-settings.js'

/** One NOTIFY to the phone, and what the phone answers. */
export interface Notify {
  readonly uri: string
  readonly parts: OutgoingParts
  answer(status: number): Promise<void>
}

/** A node with its phone HD0001, as far as the refresh goes. */
export interface Stage extends Bench {
  readonly phones: Phones
  readonly hotdesk: Hotdesk
  readonly notifies: readonly Notify[]
  /** Calls of the phone that are up. */
  calls: number
  hangUp(): void
  /** The phone fetches its configuration, made at this epoch. */
  fetch(epoch: string, agent?: string): void
  metric(outcome: string): Promise<number>
  leave(): Promise<void>
}

export let redis: TestRedis
export let store: Store
let membership: Membership
let stages: Stage[]

/** A Redis for the file, an empty one for each test. */
export function usePhoneStages(): void {
  const seeded = useSeededStore()

  beforeEach(async () => {
    ;({ redis, store } = seeded)
    for (const extension of ['100', '101']) await redis.cli('HSET', `{hd}:user:${extension}`, 'name', extension, 'home', 'paris')
    membership = await joinNetwork({ ...whoWeAre, store, site: 'paris' as SiteName, sip: 'udp:127.0.0.1:5060', version: '0', library: 1 })
    stages = []
    return async () => {
      for (const stage of stages) await stage.leave()
      await membership.close()
    }
  })
}

const whoWeAre = { node: 'paris-1' as NodeName, emergency: [], boot: 'b1', clock: systemClock, log: silentLogger() }

export function open(node = 'paris-1' as NodeName): Stage {
  const notifies: Notify[] = []
  const port = createSipPort((method, uri, parts = {}) => {
    expect(method).toBe('NOTIFY')
    return new Promise<SipReply>((resolve) => {
      async function answer(status: number): Promise<void> {
        resolve({ status, reason: '', header: () => '', body: '' })
        for (let i = 0; i < 20; i++) await Promise.resolve()
      }
      notifies.push({ uri, parts, answer })
    })
  })
  const metrics = createMetrics()
  const bench = createBench(store, { node, metrics }, port)
  const { registrar, clock, directory } = bench
  const hotdesk = createHotdesk({
    ...whoWeAre,
    secret: new Secret('of the test'),
    store,
    directory,
    automaticLogout: () => null,
    attempts: () => defaults.lockout,
    mayVisit: () => true,
    quietSeconds: () => defaults.emergency.quietSeconds,
    retentionDays: () => defaults.retentionDays,
    metrics,
  })
  const idle = new Set<(device: DeviceId) => void>()
  const activity = {
    count: () => stage.calls,
    onIdle(listener: (device: DeviceId) => void) {
      idle.add(listener)
      return () => idle.delete(listener)
    },
  }
  const fetched = { last: null as { epoch: string; agent: string } | null, listeners: new Set<(device: DeviceId) => void>() }
  const fetches = {
    latest: () => fetched.last,
    onFetch(listener: (device: DeviceId) => void) {
      fetched.listeners.add(listener)
      return () => fetched.listeners.delete(listener)
    },
  }
  const common = { srf: port.srf, registrar, hotdesk, directory, store, activity, fetches, node, clock, metrics }
  const phones = createPhones({ ...common, domain: 'hotdesk.example', log: silentLogger() })
  const stage: Stage = {
    ...bench,
    phones,
    hotdesk,
    notifies,
    calls: 0,
    hangUp() {
      stage.calls = 0
      for (const listener of idle) listener(HD0001)
    },
    fetch(epoch, agent = '') {
      fetched.last = { epoch, agent }
      for (const listener of fetched.listeners) listener(HD0001)
    },
    async metric(outcome) {
      const { values } = await metrics.refreshesTotal.get()
      return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0
    },
    async leave() {
      stages = stages.filter((other) => other !== stage)
      await phones.close()
      await hotdesk.close()
      await bench.close()
    },
  }
  stages.push(stage)
  return stage
}

export const desk = 'sip:HD0001@192.0.2.7:5060'
export const refreshIs = (word: string): Promise<void> => keyOf(store, 'device:HD0001', (record) => record?.get('refresh') === word)

/** The phone registers; what it registers has reached Redis. */
export async function register(stage: Stage, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  expect(stage.register({ Contact: `<${desk}>`, ...headers }).status).toBe(200)
  await keyOf(store, 'reg:HD0001', (record) => record !== undefined)
}

export async function login(extension: string): Promise<void> {
  const before = store.replica.hash('device:HD0001')?.get('epoch')
  await store.call('hotdesk_login', extension, HD0001)
  await keyOf(store, 'device:HD0001', (record) => record?.get('epoch') !== before && record?.get('refresh') === 'pending')
  await keyOf(store, 'devices', (record) => record?.get('HD0001') === extension)
}

export function theOnly(stage: Stage): Notify {
  const [notify, ...more] = stage.notifies
  if (!notify || more.length > 0) throw new Error(`${stage.notifies.length} NOTIFYs instead of one`)
  return notify
}
