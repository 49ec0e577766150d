import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.js'
import type { NodeName, SiteName } from '../../src/base/identity.js'
import { silentLogger } from '../../src/base/logger.js'
import { thisProcess } from '../../src/base/process-identity.js'
import { joinNetwork, type Membership, newBoot } from '../../src/directory/directory.js'
import { hotdeskLibrary } from '../../src/hotdesk/library.js'
import type { FunctionLibrary, Store } from '../../src/store/store.js'
import { type KeptLog, keepLog } from '../support/kept-log.js'
import { startTestRedis, type TestRedis } from '../support/redis.js'
import { entriesOf, openTestStore, stateOf } from '../support/redis-store.js'

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

/** As a program of that version opens it. */
async function start(functions: FunctionLibrary, kept: KeptLog = keepLog(), name = 'a'): Promise<Store> {
  const store = await openTestStore(redis, { functions, log: kept.log, data: join(redis.directory, name), startWithinMs: 500 })
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
  it('waits, in its own words, until the last older node has ended; then older programs go without', async () => {
    const oldLog = keepLog()
    const older = await start(hotdeskLibrary, oldLog)
    const membership = await enter(older, hotdeskLibrary.version)
    const newLog = keepLog()
    const newer = await start(next, newLog, 'b')
    expect(newer.state).toBe('lost')
    expect(said(newLog)).toMatch(/older nodes use it \(\{hd\}:node:paris-1\); this node waits until they have ended/)
    expect(older.state).toBe('connected')
    expect(await older.call('hotdesk_version')).toBe(String(hotdeskLibrary.version))

    await membership.close()
    await stateOf(newer, 'connected', 5_000)
    expect(await newer.call('hotdesk_version')).toBe(String(next.version))
    await stateOf(older, 'lost', 5_000)
    await expect.poll(() => said(oldLog), { timeout: 5_000 }).toContain('update this node')
    await expect(start(hotdeskLibrary)).rejects.toMatchObject({ code: 'STORE_NEWER' })
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
    const newer = await start(next, log, 'b')
    expect(newer.state).toBe('lost')
    expect(said(log)).toContain('{lyon}:node:lyon-1')
    await redis.cli('DEL', '{lyon}:node:lyon-1')
    await stateOf(newer, 'connected', 5_000)
  })
})

describe('the functions', () => {
  it('are put back within seconds when somebody has deleted them, though nobody calls any', async () => {
    await start(hotdeskLibrary)
    await redis.cli('FUNCTION', 'DELETE', 'hotdesk')
    await expect.poll(() => redis.cli('FUNCTION', 'LIST'), { timeout: 5_000 }).toContain('hotdesk_login')
  })
})
