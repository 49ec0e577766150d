import { spawn } from 'node:child_process'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.js'
import type { NodeName, SiteName } from '../../src/base/identity.js'
import { silentLogger } from '../../src/base/logger.js'
import { identityOf } from '../../src/base/process-identity.js'
import { joinNetwork, type Membership, newBoot } from '../../src/directory/directory.js'
import type { Store } from '../../src/store/store.js'
import { startTestRedis, type TestRedis } from '../support/redis.js'
import { openDeskNode } from '../support/redis-network.js'
import { keyOf, openTestStore, stateOf } from '../support/redis-store.js'

let redis: TestRedis
let store: Store

beforeAll(async () => {
  redis = await startTestRedis()
  store = await openTestStore(redis)
})
afterAll(async () => {
  await store.close()
  await redis.close()
})
beforeEach(() => redis.cli('DEL', '{hd}:node:paris-1'))

function join(boot = newBoot()): Promise<Membership> {
  const address = { site: 'paris' as SiteName, sip: 'udp:192.0.2.10:5060', version: '0.1.0', emergency: ['112', '0112'], library: 1 }
  return joinNetwork({ store, node: 'paris-1' as NodeName, boot, ...address, clock: systemClock, log: silentLogger() })
}

/** A process id that was alive a moment ago. */
async function deadProcess(): Promise<string> {
  const child = spawn('sleep', ['60'])
  const identity = identityOf(child.pid ?? 0)
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
  return identity
}

describe('the name of a node', () => {
  it('is seen by every node with its address, and is gone at once when the node ends', async () => {
    const node = await openDeskNode(redis, { name: 'paris-7' })
    const membership = await join('b1')
    await keyOf(node.store, 'node:paris-1', (hash) => hash !== undefined)
    expect(node.directory.node('paris-1' as NodeName)).toEqual({
      name: 'paris-1',
      site: 'paris',
      sip: 'udp:192.0.2.10:5060',
      version: '0.1.0',
      boot: 'b1',
    })
    expect(
      node.directory
        .nodes()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['paris-1', 'paris-7'])
    const left = new Promise((resolve) => node.directory.onNodeChange(resolve))
    await membership.close()
    expect(await left).toBe('paris-1')
    expect(node.directory.node('paris-1' as NodeName)).toBeNull()
    // Its people may be elsewhere now, and still dial what they know.
    expect(node.directory.site('paris' as SiteName)?.emergency).toEqual(['112', '0112'])
    await node.close()
  })

  it('lives for 15 seconds from each heartbeat', async () => {
    const membership = await join()
    const seconds = Number(await redis.cli('TTL', '{hd}:node:paris-1'))
    expect(seconds).toBeGreaterThan(13)
    expect(seconds).toBeLessThanOrEqual(15)
    await membership.close()
  })

  it('is refused to a second node while the process of the first lives', async () => {
    const first = await join()
    await expect(join()).rejects.toMatchObject({ code: 'NODE_NAME_TAKEN' })
    await first.close()
  })

  it('is taken back at once after a crash, when the process that had it is gone', async () => {
    await redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'old', '-', '15', 'process', await deadProcess())
    const began = systemClock.now()
    const membership = await join('new')
    expect(systemClock.now() - began).toBeLessThan(5_000)
    expect(await redis.cli('HGET', '{hd}:node:paris-1', 'boot')).toBe('new')
    await membership.close()
  })

  it('is waited for when its holder is out of sight, and taken when that shows no more life', async () => {
    await redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'old', '-', '1', 'process', 'elsewhere.1.1.1')
    const membership = await join('new')
    expect(await redis.cli('HGET', '{hd}:node:paris-1', 'boot')).toBe('new')
    await membership.close()
  })

  it('is refused when the holder out of sight renews it', async () => {
    const beat = () => redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'old', '-', '15', 'process', 'elsewhere.1.1.1')
    await beat()
    const second = join('new')
    const refused = expect(second).rejects.toMatchObject({ code: 'NODE_NAME_TAKEN' })
    await redis.cli('BLPOP', '{hd}:never', '0.7')
    await beat()
    await refused
  })

  it('is written again as soon as Redis is back', async () => {
    const membership = await join('b1')
    const lost = stateOf(store, 'lost')
    await redis.kill()
    await lost
    // Or the record would still be there.
    await redis.forget()
    await redis.start()
    await stateOf(store, 'connected')
    // And not with the next heartbeat, which comes after five seconds.
    await expect.poll(() => redis.cli('HGET', '{hd}:node:paris-1', 'boot'), { timeout: 2_000 }).toBe('b1')
    await membership.close()
  })

  it('tells a node that another process has taken it over', async () => {
    const membership = await join('b1')
    const taken = new Promise<void>((resolve) => membership.onTaken(resolve))
    await redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'b2', 'b1', '60')
    await taken
    await membership.close()
    expect(await redis.cli('HGET', '{hd}:node:paris-1', 'boot')).toBe('b2')
  })
})
