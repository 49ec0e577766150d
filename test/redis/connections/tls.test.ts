import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import { parseConfig, type RedisTarget } from '../../../src/config/config.js'
import { createStore, type Store, type StoreNeeds } from '../../../src/store/store.js'
import { freePort } from '../../support/net/free-port.js'
import { keepLog } from '../../support/node/kept-log.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'
import type { RedisProcess } from '../../support/redis/redis-process.js'
import { keyOf, storeNeeds } from '../../support/redis/redis-store.js'
import { makeTlsDirectory, type TlsDirectory } from '../../support/redis/redis-tls.js'

let tls: TlsDirectory
let server: RedisProcess
let store: Store

beforeAll(async () => {
  tls = await makeTlsDirectory()
  server = await tls.launch()
})
afterAll(() => tls.close())
afterEach(() => store.close())

/** As the configuration file says it. */
function placeOf(redis: string): RedisTarget {
  const text = `node: paris-1\nsite: paris\nsip: { domain: hotdesk.example }\nsecret: 0123456789abcdef\nredis: ${redis}\n`
  return parseConfig({ text, file: join(tls.directory, 'hotdesk.yaml'), env: {}, cwd: '/', purpose: 'look' }).redis
}

async function open(redis: RedisTarget, changes: Partial<StoreNeeds> = {}): Promise<Store> {
  return createStore({ ...storeNeeds(redis, temporaryFolder('tls')), startWithinMs: 5_000, ...changes })
}

async function expectLogin(primary: RedisProcess): Promise<void> {
  expect(store.state).toBe('connected')
  await primary.cli('HSET', '{hd}:user:100', 'name', 'Alice')
  await primary.cli('HSET', '{hd}:device:HD0001', 'site', 'paris', 'hotdesk', 'yes', 'location', 'desk')
  const seen = keyOf(store, 'devices', (hash) => hash?.get('HD0001') === '100')
  expect(await store.transition('hotdesk_login', '100', 'HD0001')).toMatchObject({ reply: 'LOGGED_IN' })
  await seen
}

describe('Redis over TLS', () => {
  it('is used if the configuration names the CA of its certificate', async () => {
    store = await open(placeOf(`{ url: "rediss://127.0.0.1:${server.port}", ca: ca.pem }`))
    await expectLogin(server)
    expect(store.cli).toBe(`redis-cli -h 127.0.0.1 -p ${server.port} --tls`)
  })

  it('is not used if no known CA signed its certificate, and the log says so', async () => {
    const log = keepLog()
    store = await open({ kind: 'url', url: new Secret(`rediss://127.0.0.1:${server.port}`) }, { log: log.log, startWithinMs: 500 })
    expect(store.state).toBe('lost')
    expect(JSON.stringify(log.lines)).toMatch(/signed by an authority that this node does not trust; set redis\.ca/)
  })

  it('is not used if the certificate is for another name', async () => {
    const log = keepLog()
    store = await open(placeOf(`{ url: "rediss://localhost:${server.port}", ca: ca.pem }`), { log: log.log, startWithinMs: 500 })
    expect(store.state).toBe('lost')
    expect(JSON.stringify(log.lines)).toContain('the TLS certificate of Redis is for another name')
  })

  it('is found by sentinels that speak TLS', async () => {
    const sentinel = await tls.launchSentinel(server)
    await server.cli('FLUSHALL')
    store = await open(placeOf(`{ sentinels: ["127.0.0.1:${sentinel.port}"], name: desk, tls: yes, ca: ca.pem }`))
    await expectLogin(server)
  })

  it('is found in a cluster that speaks TLS', async () => {
    const cluster = ['--cluster-enabled', 'yes', '--tls-cluster', 'yes', '--cluster-config-file', join(tls.directory, 'nodes.conf')]
    const alone = await tls.launch([...cluster, '--cluster-port', String(await freePort())])
    await alone.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await expect.poll(() => alone.cli('CLUSTER', 'INFO'), { timeout: 5_000 }).toContain('cluster_state:ok')
    store = await open(placeOf(`{ cluster: ["127.0.0.1:${alone.port}"], tls: yes, ca: ca.pem }`))
    await expectLogin(alone)
  })
})
