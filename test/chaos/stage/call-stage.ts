import { join } from 'node:path'
import { type Milliseconds, systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createSeal } from '../../../src/base/seal.js'
import { Secret } from '../../../src/base/secret.js'
import { createDirectory, type Directory } from '../../../src/directory/directory.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { createSoftphones } from '../../../src/softphones/softphones.js'
import { type NodeParts, networkDomain, networkSecret, sameAddresses, startTestNode, type TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { openTestStore } from '../../support/redis/redis-store.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'
import type { Course, History, Verdict } from '../history.js'
import { until } from './desks.js'

/** Nodes with a carrier, and desks with a user each. */
export interface CallStage {
  readonly redis: TestRedis
  readonly carrier: Carrier
  /** Starts a node; with `before` at the addresses where its phones look for it. */
  node(name: string, before?: TestNode): Promise<TestNode>
  /** The n-th desk, registered at that node; user `200 + n` sits there. */
  desk(n: number, at: TestNode): Promise<Phone>
}

export type CallTrouble = (stage: CallStage, course: Course) => Promise<Verdict>

/** A history of calls: `trouble` does everything, and counts. */
export function callHistory(name: string, title: string, trouble: CallTrouble): History {
  return { name, title, run: (course) => play(course, trouble) }
}

export const userAt = (n: number): string => String(200 + n)

async function play(course: Course, trouble: CallTrouble): Promise<Verdict> {
  const redis = await startTestRedis()
  const store = await openTestStore(redis)
  const directory = createDirectory({ store, seal: createSeal(new Secret(networkSecret), 'hd'), log: silentLogger() })
  const bank = await createSoftphones({ clock: systemClock, log: silentLogger() })
  const carrier = await openCarrier()
  const nodes: TestNode[] = []
  const parts: Partial<NodeParts> = { redis: `unix://${redis.socket}`, dialplan: planOf(carrier) }
  try {
    return await trouble(
      {
        redis,
        carrier,
        async node(name, before) {
          const data = join(redis.directory, name)
          const env = { HOTDESK_LOG_LEVEL: 'info', HOTDESK_EMERGENCY_STOP_SECONDS: '60', ...(before && sameAddresses(before)) }
          const node = await startTestNode({ node: name, site: 'paris', redis: '', ...parts, data, env })
          nodes.push(node)
          return node
        },
        async desk(n, at) {
          const device = `HD9${String(n).padStart(3, '0')}`
          const password = new Secret(`Pw-of-${device}-zx81`)
          await furnish(directory, { device, user: userAt(n), password })
          await until(() => redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', userAt(n), device).then((said) => said === 'LOGGED_IN'), 5_000)
          const phone = bank.phone({ device, password, node: at.udp, domain: networkDomain })
          await until(async () => (await phone.register()).status === 200, 10_000)
          return phone
        },
      },
      course,
    )
  } finally {
    for (const node of nodes) if (node.running) await node.kill()
    await bank.close()
    await carrier.close()
    directory.close()
    await store.close()
    await redis.close()
  }
}

function planOf({ address }: Carrier): string {
  return JSON.stringify({ ...(JSON.parse(planOver(address)) as object), extensions: ['2XX'], dids: {} })
}

interface Seat {
  readonly device: string
  readonly user: string
  readonly password: Secret
}

async function furnish(directory: Directory, { device, user, password }: Seat): Promise<void> {
  await directory.putUser(user, { name: `User ${user}`, home: 'paris' })
  await directory.putDevice(device, { site: 'paris', hotdesk: true, password, location: 'a desk' })
}

/** Calls that a node counts, and legs of calls that its SIP server keeps. */
export async function leftAt(node: TestNode): Promise<{ readonly calls: number; readonly legs: number }> {
  return { calls: await metricOf(node, 'hotdesk_calls_active'), legs: await metricOf(node, 'hotdesk_sip_dialogs') }
}

/** How long it takes until `isSo`, in milliseconds; infinite when it is not within the time. */
export async function timeUntil(isSo: () => Promise<boolean>, withinMs: Milliseconds): Promise<Milliseconds> {
  const began = systemClock.now()
  return until(isSo, withinMs).then(
    () => Math.round(systemClock.now() - began),
    () => Number.POSITIVE_INFINITY,
  )
}
