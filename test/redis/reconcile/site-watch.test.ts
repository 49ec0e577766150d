import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDirectory } from '../../../src/directory/directory.js'
import { createSiteWatch } from '../../../src/hotdesk/reconcile/site-watch.js'
import type { Store } from '../../../src/store/store.js'
import { sealWith } from '../../support/node/default-settings.js'
import { type KeptLog, keepLog } from '../../support/node/kept-log.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { entriesOf, keyOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

let redis: TestRedis
let store: Store
let clock: ManualClock
let kept: KeptLog
let close: () => void
beforeEach(async () => {
  kept = keepLog()
  redis = await startTestRedis()
  await redis.cli('HSET', '{hd}:site:london', 'nodes', 'london-1')
  store = await openTestStore(redis)
  clock = createManualClock()
  const { log } = kept
  const directory = createDirectory({ store, seal: sealWith('of the test'), log })
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

  it('has a whole minute again if one of its nodes was seen meanwhile', async () => {
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

  it('has a whole minute again after Redis was away', async () => {
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

  it('whose record is removed is not reported as back, and has a whole minute once it is added again', async () => {
    await rounds(12)
    await keyOf(store, 'site:london', (site) => site?.has('lost') === true)
    await redis.cli('DEL', '{hd}:site:london')
    await keyOf(store, 'site:london', (site) => site === undefined)
    await redis.cli('HSET', '{hd}:site:london', 'nodes', 'london-1')
    await keyOf(store, 'site:london', (site) => site !== undefined)
    await rounds(11)
    expect(await isLost()).toBe(false)
    await redis.cli('DEL', '{hd}:site:london')
    await keyOf(store, 'site:london', (site) => site === undefined)
    await redis.cli('HSET', '{hd}:site:london', 'nodes', 'london-1')
    await keyOf(store, 'site:london', (site) => site !== undefined)
    await rounds(11)
    expect(await isLost()).toBe(false)
    const said = entriesOf(kept).filter(({ event }) => event?.startsWith('site.'))
    expect(said.map(({ event }) => event)).toEqual(['site.lost'])
  })
})
