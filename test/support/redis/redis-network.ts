import { type Clock, systemClock } from '../../../src/base/clock.js'
import type { DeviceId, Extension, NodeName, SiteName } from '../../../src/base/identity.js'
import { type Logger, silentLogger } from '../../../src/base/logger.js'
import { createMetrics, type Metrics } from '../../../src/base/metrics.js'
import { Secret } from '../../../src/base/secret.js'
import { createDirectory, type Directory, joinNetwork, loadSamples, type Membership, newBoot } from '../../../src/directory/directory.js'
import { type AutomaticLogout, createHotdesk, type Hotdesk, hashPin, hotdeskLibrary } from '../../../src/hotdesk/hotdesk.js'
import type { Store } from '../../../src/store/store.js'
import { defaults, sealWith } from '../node/default-settings.js'
import type { TestRedis } from './redis.js'
import { keyOf, openTestStore } from './redis-store.js'

/** The part of a node that knows who sits where, without its SIP. */
export interface DeskNode {
  readonly store: Store
  readonly directory: Directory
  readonly hotdesk: Hotdesk
  readonly membership: Membership
  close(): Promise<void>
}

export interface DeskNodeOptions {
  readonly name?: string
  readonly site?: string
  readonly log?: Logger
  readonly metrics?: Metrics
  readonly quietSeconds?: number
  readonly automaticLogout?: AutomaticLogout
  /** Of the machine that this node runs on. */
  readonly clock?: Clock
  /** `hasty`: what hotdesk does in rounds does not take the test as long as it takes the world. */
  readonly pace?: 'usual' | 'hasty'
}

const hurry = 20

/** Opens it on the test's Redis, and loads the sample network where there is none. */
export async function openDeskNode(redis: Pick<TestRedis, 'place' | 'directory'>, options: DeskNodeOptions = {}): Promise<DeskNode> {
  const {
    name = 'paris-1',
    site = 'paris',
    log = silentLogger(),
    metrics = createMetrics(),
    quietSeconds = defaults.emergency.quietSeconds,
    automaticLogout = null,
    clock = systemClock,
    pace = 'usual',
  } = options
  const store = await openTestStore(redis, { log, metrics, clock, data: `${redis.directory}/${name}` })
  const directory = createDirectory({ store, seal: sealWith('of the test'), log })
  if ((await loadSamples({ store, directory, hashPin })) === 'loaded') await keyOf(store, 'device:HD0004', (hash) => hash !== undefined)
  const start = { store, node: name as NodeName, boot: newBoot(), clock, log }
  const membership = await joinNetwork({
    ...start,
    site: site as SiteName,
    sip: 'udp:127.0.0.1:5060',
    version: '0.0.0',
    emergency: ['112'],
    library: hotdeskLibrary.version,
  })
  const hasty: Clock = { now: clock.now, after: (ms, run) => clock.after(ms / hurry, run) }
  const working = { ...start, clock: pace === 'hasty' ? hasty : clock }
  const hotdesk = createHotdesk({
    ...working,
    directory,
    secret: new Secret('of the test'),
    quietSeconds: () => quietSeconds,
    automaticLogout: () => automaticLogout,
    attempts: () => defaults.lockout,
    mayVisit: () => true,
    retentionDays: () => defaults.retentionDays,
    metrics,
  })
  return {
    store,
    directory,
    hotdesk,
    membership,
    async close() {
      await hotdesk.close()
      await membership.close()
      directory.close()
      await store.close()
    },
  }
}

export const device = (id: string): DeviceId => id as DeviceId
export const extension = (number: string): Extension => number as Extension
export const pin = (digits: string): Secret => new Secret(digits)

/** The next change of this phone. */
export function changeOn(hotdesk: Hotdesk, id: string): Promise<unknown> {
  return new Promise((resolve) => {
    const stop = hotdesk.onChange((change) => {
      if (change.device !== id) return
      stop()
      resolve(change)
    })
  })
}

/** The stream of events, oldest first, each as an object of its fields. */
export async function eventsOf(store: Store): Promise<readonly Record<string, string>[]> {
  return (await store.recent('events', 1_000)).map(({ fields }) => Object.fromEntries(fields)).reverse()
}

/** `users` and `devices` as redis-cli prints them are each other's mirror: what stands against it, empty when nothing does. */
export async function mirrorFaults(redis: TestRedis): Promise<readonly string[]> {
  const users = pairs(await redis.cli('HGETALL', '{hd}:users'))
  const devices = pairs(await redis.cli('HGETALL', '{hd}:devices'))
  const fromUsers = users.flatMap(([user, list]) => list.split(' ').map((id) => `${id} ${user}`)).sort()
  const fromDevices = devices.map(([id, user]) => `${id} ${user}`).sort()
  return [
    ...fromUsers.filter((pair) => !fromDevices.includes(pair)).map((pair) => `only in users: ${pair}`),
    ...fromDevices.filter((pair) => !fromUsers.includes(pair)).map((pair) => `only in devices: ${pair}`),
  ]
}

function pairs(printed: string): readonly (readonly [string, string])[] {
  const lines = printed === '' ? [] : printed.split('\n')
  return lines.flatMap((line, index) => (index % 2 === 0 ? [[line, lines[index + 1] ?? ''] as const] : []))
}
