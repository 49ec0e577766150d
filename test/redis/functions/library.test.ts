import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { thisProcess } from '../../../src/base/host/process-identity.js'
import type { NodeName, SiteName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import type { RedisTarget } from '../../../src/config/config.js'
import { joinNetwork, type Membership, newBoot } from '../../../src/directory/directory.js'
import { hotdeskLibrary } from '../../../src/hotdesk/library.js'
import { createKeys } from '../../../src/store/keys.js'
import { createLibrary } from '../../../src/store/library/library.js'
import { type FunctionLibrary, installLibrary, type Loading, type Store } from '../../../src/store/store.js'
import { type KeptLog, keepLog } from '../../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { entriesOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

let redis: TestRedis
const open: Store[] = []

beforeEach(async () => {
  redis = await startTestRedis()
})
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
  await redis.close()
})

const next: FunctionLibrary = {
  name: hotdeskLibrary.name,
  version: hotdeskLibrary.version + 1,
  code: hotdeskLibrary.code.replace(/^local VERSION = \d+$/m, `local VERSION = ${hotdeskLibrary.version + 1}`),
}

/** The same version with another content, as in a changed copy of hotdesk. */
const changed: FunctionLibrary = { ...hotdeskLibrary, code: `${hotdeskLibrary.code}\n-- changed\n` }

interface Start {
  readonly log?: KeptLog
  /** Of its folder of data. */
  readonly name?: string
  readonly loading?: Loading
}

const place = () => redis.place as Exclude<RedisTarget, { kind: 'embedded' }>

/** As a program of that version opens it. */
async function start(functions: FunctionLibrary, { log: kept = keepLog(), name = 'a', loading = 'install' }: Start = {}): Promise<Store> {
  const common = { functions, loading, log: kept.log, startWithinMs: 500 }
  const store = await openTestStore(redis, { ...common, data: join(redis.directory, name) })
  open.push(store)
  return store
}

function enter(store: Store, library: number): Promise<Membership> {
  const who = {
    node: 'paris-1' as NodeName,
    boot: newBoot(),
    site: 'paris' as SiteName,
    sip: 'udp:192.0.2.10:5060',
    version: '0.1.0',
    emergency: [],
  }
  return joinNetwork({ ...who, store, library, clock: systemClock, log: silentLogger() })
}

const said = (log: KeptLog): string =>
  entriesOf(log)
    .map(({ msg }) => msg)
    .join('\n')

describe('an update from one version of the functions to the next', () => {
  it('waits, with its own code, until the last older node has ended; then older programs stop working', async () => {
    const oldLog = keepLog()
    const older = await start(hotdeskLibrary, { log: oldLog })
    const membership = await enter(older, hotdeskLibrary.version)
    const newLog = keepLog()
    const newer = await start(next, { log: newLog, name: 'b' })
    expect(newer.state).toBe('lost')
    expect(said(newLog)).toMatch(/older nodes use it \(\{hd\}:node:paris-1\); this node waits until they have ended/)
    expect(older.state).toBe('connected')
    expect(await older.call('hotdesk_version')).toBe(String(hotdeskLibrary.version))

    await membership.close()
    await stateOf(newer, 'connected', 5_000)
    expect(await newer.call('hotdesk_version')).toBe(String(next.version))
    await stateOf(older, 'lost', 5_000)
    await expect.poll(() => said(oldLog), { timeout: 5_000 }).toContain('update this node')
    await expect(start(hotdeskLibrary, { name: 'c' })).rejects.toMatchObject({ code: 'STORE_NEWER' })
  })

  it('does not wait for a node that died', async () => {
    await start(hotdeskLibrary)
    // This process id, of another start.
    const dead = thisProcess().replace(/\d+$/, '1')
    await redis.cli('HSET', '{hd}:node:paris-9', 'library', '1', 'process', dead)
    await Promise.all(open.splice(0).map((store) => store.close()))
    expect((await start(next)).state).toBe('connected')
  })

  it('waits for older nodes of other networks on the same server', async () => {
    await start(hotdeskLibrary)
    await redis.cli('HSET', '{lyon}:node:lyon-1', 'library', '1', 'process', 'elsewhere.1.1.1')
    const log = keepLog()
    const newer = await start(next, { log, name: 'b' })
    expect(newer.state).toBe('lost')
    expect(said(log)).toContain('{lyon}:node:lyon-1')
    await redis.cli('DEL', '{lyon}:node:lyon-1')
    await stateOf(newer, 'connected', 5_000)
  })
})

describe('the functions', () => {
  it('are restored within seconds when they were deleted, if nodes install them', async () => {
    await start(hotdeskLibrary)
    await redis.cli('FUNCTION', 'DELETE', 'hotdesk')
    await expect.poll(() => redis.cli('FUNCTION', 'LIST'), { timeout: 5_000 }).toContain('hotdesk_login')
  })
})

describe('a node that only checks the functions', () => {
  const people = ['HSET', '{hd}:user:100', 'name', 'Alice', 'home', 'paris'] as const
  const contentInRedis = (): Promise<string> => redis.cli('FUNCTION', 'LIST', 'WITHCODE')

  /** Leaves a copy of a network with Alice in the folder `a`. */
  async function leaveCopy(): Promise<void> {
    await redis.cli(...people)
    await (await start(hotdeskLibrary)).close()
    open.length = 0
  }

  it('loads them into an empty Redis', async () => {
    expect((await start(hotdeskLibrary, { loading: 'check' })).state).toBe('connected')
  })

  it.each([
    ['are missing', null, 'Redis does not hold the function library'],
    ['are older', next, 'Redis holds version'],
  ])('ends, and names the command to run, if they %s in a network with data', async (_how, functions, words) => {
    await redis.cli(...people)
    if (functions) await redis.cli('FUNCTION', 'LOAD', hotdeskLibrary.code)
    const before = await contentInRedis()
    const message = expect.stringMatching(`${words}.*hotdesk redis install`) as unknown
    await expect(start(functions ?? hotdeskLibrary, { loading: 'check' })).rejects.toMatchObject({ code: 'STORE_FUNCTIONS', message })
    expect(await contentInRedis()).toBe(before)
  })

  it('serves calls from its saved copy until they are installed, and then connects', async () => {
    await leaveCopy()
    const store = await start(next, { loading: 'check' })
    expect([store.state, store.copyFrom]).toEqual(['lost', 'disk'])
    expect(store.replica.hash('user:100')?.get('name')).toBe('Alice')
    expect(store.condition().reasons).toContainEqual(expect.stringContaining('hotdesk redis install'))
    await expect(store.call('hotdesk_version')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await installLibrary({ redis: place(), network: 'hd', functions: next, override: 'nothing' })).toMatchObject({
      outcome: 'INSTALLED',
      before: hotdeskLibrary.version,
    })
    await stateOf(store, 'connected', 5_000)
    expect(store.condition().reasons).toEqual([])
  })

  it('serves calls from its saved copy if a newer program was installed', async () => {
    await leaveCopy()
    await redis.cli('FUNCTION', 'LOAD', 'REPLACE', next.code)
    const store = await start(hotdeskLibrary, { loading: 'check' })
    expect(store.replica.hash('user:100')?.get('name')).toBe('Alice')
    expect(store.condition().reasons).toContainEqual(expect.stringContaining('update this node'))
  })

  it('notices that they were replaced by others of the same version while it runs', async () => {
    const store = await start(hotdeskLibrary, { loading: 'check' })
    await redis.cli(...people)
    await redis.cli('FUNCTION', 'LOAD', 'REPLACE', changed.code)
    await stateOf(store, 'lost', 8_000)
    await expect.poll(() => store.condition().reasons.join(), { timeout: 5_000 }).toContain('with other content')
    await expect(store.transition('hotdesk_version')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await contentInRedis()).toContain('-- changed')
  })
})

describe('the error about the functions', () => {
  it('is over once an operator has loaded them between two health checks', async () => {
    const connection = new Redis({ path: redis.socket })
    const log = silentLogger()
    const watched = createLibrary({
      redis: connection,
      keys: createKeys('hd'),
      library: hotdeskLibrary,
      loading: 'check',
      log,
      metrics: createMetrics(),
    })
    await redis.cli('HSET', '{hd}:user:100', 'name', 'Alice')
    await expect(watched.isInPlace()).rejects.toMatchObject({ code: 'STORE_FUNCTIONS' })
    expect(watched.trouble).toContain('hotdesk redis install')
    await redis.cli('FUNCTION', 'LOAD', hotdeskLibrary.code)
    expect(await watched.isInPlace()).toBe(true)
    expect(watched.trouble).toBeNull()
    connection.disconnect()
  })
})

describe('two programs with different content under one version', () => {
  it.each(['check', 'install'] as const)('never replace each other, however often they connect (%s)', async (loading) => {
    const first = await start(hotdeskLibrary, { loading })
    const log = keepLog()
    await expect(start(changed, { loading, name: 'b', log })).rejects.toMatchObject({ code: 'STORE_FUNCTIONS' })
    for (let round = 0; round < 2; round += 1) {
      const lost = stateOf(first, 'lost')
      await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await lost
      await stateOf(first, 'connected', 5_000)
      await expect(start(changed, { loading, name: 'b', log })).rejects.toThrow('with other content')
    }
    expect(await redis.cli('FUNCTION', 'LIST', 'WITHCODE')).not.toContain('-- changed')
    expect(entriesOf(log).filter(({ event }) => event === 'store.functions')).toEqual([])
  })
})

describe('the line of src/store/README.md that loads the functions with redis-cli', () => {
  it('loads what a node accepts as its own', async () => {
    const readme = readFileSync(new URL('../../../src/store/README.md', import.meta.url), 'utf8')
    const [line = ''] = /^cat .*FUNCTION LOAD.*$/m.exec(readme) ?? []
    const pasted = `redis-cli() { command redis-cli -s "$SOCKET" "$@"; }\n${line}`
    const folder = new URL('../../..', import.meta.url)
    expect(execFileSync('bash', ['-c', pasted], { cwd: folder, encoding: 'utf8', env: { ...process.env, SOCKET: redis.socket } })).toBe(
      'hotdesk\n',
    )
    await redis.cli('HSET', '{hd}:user:100', 'name', 'Alice')
    const store = await start(hotdeskLibrary, { loading: 'check' })
    expect([store.state, await store.call('hotdesk_version')]).toEqual(['connected', String(hotdeskLibrary.version)])
  })
})

describe('an installation by an operator', () => {
  const install = (functions: FunctionLibrary, override: 'nothing' | 'now' | 'force' = 'nothing') =>
    installLibrary({ redis: place(), network: 'hd', functions, override })
  const present = (): Promise<string> => redis.cli('FCALL', 'hotdesk_version', '1', '{hd}')

  it('reports what it found and did', async () => {
    expect(await install(hotdeskLibrary)).toEqual({ outcome: 'INSTALLED', version: hotdeskLibrary.version, before: 0, servers: 1 })
    expect(await install(hotdeskLibrary)).toEqual({ outcome: 'PRESENT', version: hotdeskLibrary.version })
    expect(await install(next)).toMatchObject({ outcome: 'INSTALLED', before: hotdeskLibrary.version })
    expect(await present()).toBe(String(next.version))
  })

  it('names older nodes that run, and continues only when asked to', async () => {
    const store = await start(hotdeskLibrary)
    const membership = await enter(store, hotdeskLibrary.version)
    const refused = { outcome: 'REFUSED', option: '--now', reason: expect.stringContaining('{hd}:node:paris-1') as unknown }
    expect(await install(next)).toEqual(refused)
    expect(await present()).toBe(String(hotdeskLibrary.version))
    expect(await install(next, 'now')).toMatchObject({ outcome: 'INSTALLED' })
    await stateOf(store, 'lost', 5_000)
    await membership.close()
  })

  it('replaces a newer version, or another content, only by force', async () => {
    await redis.cli('FUNCTION', 'LOAD', next.code)
    expect(await install(hotdeskLibrary, 'now')).toMatchObject({ outcome: 'REFUSED', option: '--force' })
    expect(await install(hotdeskLibrary, 'force')).toMatchObject({ outcome: 'INSTALLED' })
    expect(await install(changed, 'now')).toMatchObject({ outcome: 'REFUSED', reason: expect.stringContaining('other content') as unknown })
    expect(await install(changed, 'force')).toMatchObject({ outcome: 'INSTALLED' })
  })

  it('reports that the Redis user may not, or that Redis does not respond', async () => {
    await redis.cli('ACL', 'SETUSER', 'default', '-function|load')
    await expect(install(hotdeskLibrary)).rejects.toThrow(/may not run the Redis command function\|load \(NOPERM\).*--user <name>/)
    await redis.kill()
    await expect(install(hotdeskLibrary)).rejects.toMatchObject({ code: 'COMMAND_REFUSED' })
  })
})
