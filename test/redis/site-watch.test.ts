import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/base/logger.js'
import { createSeal } from '../../src/base/seal.js'
import { Secret } from '../../src/base/secret.js'
import { createDirectory } from '../../src/directory/directory.js'
import { createSiteWatch } from '../../src/hotdesk/care/site-watch.js'
import type { Store } from '../../src/store/store.js'
import { createManualClock, type ManualClock } from '../support/manual-clock.js'
import { startTestRedis, type TestRedis } from '../support/redis.js'
import { keyOf, openTestStore, stateOf } from '../support/redis-store.js'

let redis: TestRedis
let store: Store
let clock: ManualClock
let close: () => void
beforeEach(async () => {
  redis = await startTestRedis()
  await redis.cli('HSET', '{hd}:site:london', 'nodes', 'london-1')
  store = await openTestStore(redis)
  clock = createManualClock()
  const log = silentLogger()
  const directory = createDirectory({ store, seal: createSeal(new Secret('of the test')), log })
  const watch = createSiteWatch({ store, directory, clock, log })
  close = () => {
    watch.close()
    directory.close()
  }
})
afterEach(async () => {
  close()
  await store.close()
  await redis.close()
})

/** Five seconds each. */
async function rounds(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    clock.advance(5_000)
    await setImmediate()
  }
}

async function isLost(): Promise<boolean> {
  // What was asked of Redis before is answered then.
  await store.call('hotdesk_version')
  return (await redis.cli('HEXISTS', '{hd}:site:london', 'lost')) === '1'
}

describe('a site without a node', () => {
  it('is lost after a minute and not before', async () => {
    await rounds(11)
    expect(await isLost()).toBe(false)
    await rounds(1)
    expect(await isLost()).toBe(true)
  })

  it('is given a whole minute again where one of its nodes has been seen meanwhile', async () => {
    await rounds(11)
    await redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'london-1', 'b1', '-', '60', 'site', 'london', 'sip', 'udp:127.0.0.1:5060')
    await keyOf(store, 'node:london-1', (node) => node !== undefined)
    await rounds(1)
    await redis.cli('DEL', '{hd}:node:london-1')
    await keyOf(store, 'node:london-1', (node) => node === undefined)
    await rounds(11)
    expect(await isLost()).toBe(false)
    await rounds(1)
    expect(await isLost()).toBe(true)
  })

  it('is given a whole minute again when Redis has been away', async () => {
    await rounds(11)
    await redis.kill()
    await stateOf(store, 'lost')
    await rounds(1)
    await redis.start()
    await stateOf(store, 'connected')
    await rounds(11)
    expect(await isLost()).toBe(false)
    await rounds(1)
    expect(await isLost()).toBe(true)
  })
})
