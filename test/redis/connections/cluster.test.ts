import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStore, type Store } from '../../../src/store/store.js'
import { freePort } from '../../support/net/free-port.js'
import { keepLog } from '../../support/node/kept-log.js'
import { startTestCluster, type TestCluster } from '../../support/redis/redis-cluster.js'
import { launchRedis } from '../../support/redis/redis-process.js'
import { entriesOf, keyOf, stateOf, storeNeeds } from '../../support/redis/redis-store.js'

/** Each lies in a slot of another primary. */
const networks = ['hd', 'lyon', 'oslo'] as const

let redis: TestCluster
const stores = new Map<string, Store>()

beforeAll(async () => {
  redis = await startTestCluster()
  for (const network of networks) {
    const needs = storeNeeds(redis.place, join(redis.directory, network))
    stores.set(network, await createStore({ ...needs, network, durability: 'replicated', startWithinMs: 10_000 }))
  }
})
afterAll(async () => {
  for (const store of stores.values()) await store.close()
  await redis.close()
})

function storeOf(network: string): Store {
  const store = stores.get(network)
  if (!store) throw new Error(network)
  return store
}

async function furnish(store: Store): Promise<void> {
  await store.putFields('user:100', { name: `Alice of ${store.network}`, home: 'paris' })
  await store.putFields('device:HD0001', { site: 'paris', hotdesk: 'yes', location: 'desk' })
}

describe('networks in a cluster', () => {
  it('each use the primary that owns their slot, and see hand edits there', async () => {
    const ports = new Set<number>()
    for (const network of networks) {
      const store = storeOf(network)
      expect(store.state).toBe('connected')
      await furnish(store)
      expect(await store.transition('hotdesk_login', '100', 'HD0001')).toEqual({ certainty: 'safe', reply: 'LOGGED_IN' })
      await keyOf(store, 'devices', (hash) => hash?.get('HD0001') === '100')
      const primary = await redis.ownerOf(`{${network}}`)
      ports.add(primary.port)
      expect(await primary.cli('HGET', `{${network}}:devices`, 'HD0001')).toBe('100')
      const seen = keyOf(store, 'user:101', (hash) => hash?.get('name') === 'Bob')
      await primary.cli('HSET', `{${network}}:user:101`, 'name', 'Bob')
      await seen
    }
    expect(ports.size).toBe(networks.length)
    expect(storeOf('hd').replica.hash('user:100')?.get('name')).toBe('Alice of hd')
  })

  it('find the library on every primary', async () => {
    for (const server of redis.servers.slice(0, 3))
      await expect.poll(() => server.cli('FUNCTION', 'LIST'), { timeout: 5_000 }).toContain('hotdesk_login')
  })

  it('carry requests between the nodes of each network', async () => {
    const ends = ['hd', 'lyon'].map((network) =>
      storeOf(network).mailbox.serve('paris-1', (text) => Promise.resolve(`${network}: ${text}`)),
    )
    expect(await storeOf('lyon').mailbox.ask('paris-1', 'hello', 5_000)).toBe('lyon: hello')
    expect(await storeOf('hd').mailbox.ask('paris-1', 'hello', 5_000)).toBe('hd: hello')
    for (const end of ends) end()
  })

  it('accept redis-cli -c at any server', async () => {
    const [any] = redis.servers
    expect(await any?.cli('-c', 'FCALL', 'hotdesk_who', '1', '{oslo}', 'HD0001')).toBe('OCCUPIED 100')
    expect(await any?.cli('-c', 'FCALL', 'hotdesk_status', '1', '{lyon}')).toMatch(/^HD0001 +paris +active +100 +Alice of lyon /m)
    expect(await any?.cli('-c', 'FCALL', 'hotdesk_repair', '1', '{hd}')).toBe('NOTHING')
  })

  it('follow a slot whose primary hands over to its replica', async () => {
    const store = storeOf('lyon')
    const replica = await redis.replicaOf(await redis.ownerOf('{lyon}'))
    await replica.cli('CLUSTER', 'FAILOVER')
    await expect.poll(async () => (await redis.ownerOf('{lyon}')).port, { timeout: 10_000 }).toBe(replica.port)
    await expect.poll(() => store.call('hotdesk_who', 'HD0001').catch(() => 'not yet'), { timeout: 15_000 }).toBe('OCCUPIED 100')
    const seen = keyOf(store, 'user:102', (hash) => hash?.get('name') === 'Chloé', 5_000)
    await replica.cli('HSET', '{lyon}:user:102', 'name', 'Chloé')
    await seen
    expect(storeOf('hd').state).toBe('connected')
  })

  it('follow a slot whose primary is killed, within 15 seconds and with every acknowledged login', async () => {
    const store = storeOf('hd')
    const [primary, replica] = [await redis.ownerOf('{hd}'), await redis.replicaOf(await redis.ownerOf('{hd}'))]
    const lost = stateOf(store, 'lost')
    await primary.kill()
    await lost
    expect(store.replica.hash('devices')?.get('HD0001')).toBe('100')
    await stateOf(store, 'connected', 15_000)
    expect(await store.call('hotdesk_who', 'HD0001')).toBe('OCCUPIED 100')
    const seen = keyOf(store, 'user:103', (hash) => hash?.get('name') === 'Dan')
    await replica.cli('HSET', '{hd}:user:103', 'name', 'Dan')
    await seen
    // As long as a slot has no owner, all servers of a cluster may refuse.
    await stateOf(storeOf('oslo'), 'connected', 15_000)
  })
})

describe('a cluster that is not available yet', () => {
  it('is found when it comes up', async () => {
    const [port, bus] = [await freePort(), await freePort()]
    const place = { kind: 'cluster', servers: [{ host: '127.0.0.1', port }] } as const
    const log = keepLog()
    const store = await createStore({ ...storeNeeds(place, join(redis.directory, 'later')), log: log.log, startWithinMs: 300 })
    expect(store.state).toBe('lost')
    expect(entriesOf(log).filter(({ msg }) => msg?.includes('ECONNREFUSED'))).toHaveLength(1)
    const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--dir', redis.directory]
    const alone = await launchRedis({ port, words: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...cluster] })
    await alone.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await stateOf(store, 'connected', 15_000)
    await store.close()
    await alone.kill()
  })
})
