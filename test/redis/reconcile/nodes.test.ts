import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../src/base/clock.js'
import { identityOf, lifeOf, thisProcess } from '../../../src/base/host/process-identity.js'
import type { NodeName, SiteName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { joinNetwork, type Membership, type MembershipNeeds, newBoot, recordStart } from '../../../src/directory/directory.js'
import type { Store } from '../../../src/store/store.js'
import { keepLog } from '../../support/node/kept-log.js'
import { tied } from '../../support/process/child.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { openDeskNode } from '../../support/redis/redis-network.js'
import { keyOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

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

/** Twenty times as fast. */
const hasty: Clock = { now: () => systemClock.now() * 20, after: (ms, run) => systemClock.after(ms / 20, run) }

function join(boot = newBoot(), more: Partial<MembershipNeeds> = {}): Promise<Membership> {
  const address = { site: 'paris' as SiteName, sip: 'udp:192.0.2.10:5060', version: '0.1.0', emergency: ['112', '0112'], library: 1 }
  return joinNetwork({ store, node: 'paris-1' as NodeName, boot, ...address, clock: systemClock, log: silentLogger(), ...more })
}

/** A process id that was alive a moment ago. */
async function deadProcess(): Promise<string> {
  const child = spawn(...tied('sleep', ['60']))
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
      hopTokens: 2,
      takes: ['break-out', 'pick-up', 'trunk', 'psap-callback', 'requests', 'registrations'],
      isDraining: false,
      webhooks: [],
    })
    const drains = new Promise((resolve) => node.directory.onNodeChange(resolve))
    membership.announce('draining')
    await drains
    expect(node.directory.node('paris-1' as NodeName)?.isDraining).toBe(true)
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

  it('publishes the direct numbers of its site, again after a reload and after they were lost', async () => {
    const written = (dids: string) => keyOf(store, 'site:paris', (hash) => hash?.get('dids') === dids)
    const membership = await join('b1', { dids: ['+3319900010X=10X', '+33199000200=200'] })
    await written('+3319900010X=10X +33199000200=200')
    membership.publish({ emergency: ['112'], dids: ['+33199000100=100'] })
    await written('+33199000100=100')
    const lost = keyOf(store, 'site:paris', (hash) => !hash?.has('dids'))
    await redis.cli('HDEL', '{hd}:site:paris', 'dids')
    await lost
    await written('+33199000100=100')
    expect(await redis.cli('HGET', '{hd}:site:paris', 'dids')).toBe('+33199000100=100')
    await membership.close()
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

  it('is taken back at once after a crash if the process that had it is gone', async () => {
    await redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'old', '-', '15', 'process', await deadProcess())
    const began = systemClock.now()
    const membership = await join('new')
    expect(systemClock.now() - began).toBeLessThan(5_000)
    expect(await redis.cli('HGET', '{hd}:node:paris-1', 'boot')).toBe('new')
    await membership.close()
  })

  it('is waited for if its holder is out of sight, and taken once it shows no more sign of life', async () => {
    await redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'old', '-', '1', 'process', 'elsewhere.1.1.1')
    const membership = await join('new')
    expect(await redis.cli('HGET', '{hd}:node:paris-1', 'boot')).toBe('new')
    await membership.close()
  })

  it('is refused if the holder out of sight renews it', async () => {
    const beat = (seconds: number) =>
      redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'old', '-', String(seconds), 'process', 'elsewhere.1.1.1')
    await beat(10)
    const { log, lines } = keepLog()
    const refused = expect(join('new', { log })).rejects.toMatchObject({ code: 'NODE_NAME_TAKEN' })
    await expect.poll(() => lines.join('')).toContain('its last holder may still be alive')
    await beat(15)
    await refused
  })

  it('is written again as soon as somebody has deleted it', async () => {
    const membership = await join('b1')
    await keyOf(store, 'node:paris-1', (hash) => hash?.get('boot') === 'b1')
    await redis.cli('DEL', '{hd}:node:paris-1')
    // And not with the next heartbeat, which comes after five seconds.
    await expect.poll(() => redis.cli('HGET', '{hd}:node:paris-1', 'boot'), { timeout: 2_000 }).toBe('b1')
    await membership.close()
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

  it('is given up by the process that got it later if the first one is alive', async () => {
    const membership = await join('b1')
    const taken = new Promise<void>((resolve) => membership.onTaken(resolve))
    await redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'a1', 'b1', '60', 'process', thisProcess())
    await taken
    await membership.close()
    expect(await redis.cli('HGET', '{hd}:node:paris-1', 'boot')).toBe('a1')
  })

  it('is taken back by the process that had it first, even if the other one lives', async () => {
    const membership = await join('b1', { clock: hasty })
    let isTaken = false
    membership.onTaken(() => {
      isTaken = true
    })
    await redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'b2', 'b1', '60', 'process', thisProcess())
    await expect.poll(() => redis.cli('HGET', '{hd}:node:paris-1', 'boot'), { timeout: 5_000 }).toBe('b1')
    expect(isTaken).toBe(false)
    await membership.close()
  })

  it('is waited for, and not given up, if Redis comes back with a holder that shows no sign of life', async () => {
    const lost = stateOf(store, 'lost')
    await redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'c9', '-', '60', 'process', 'elsewhere.1.1.1')
    await redis.kill()
    await lost
    const membership = await join('b1', { clock: hasty })
    let isTaken = false
    membership.onTaken(() => {
      isTaken = true
    })
    await redis.start()
    await expect.poll(() => redis.cli('HGET', '{hd}:node:paris-1', 'boot').catch(() => ''), { timeout: 10_000 }).toBe('b1')
    expect(isTaken).toBe(false)
    await membership.close()
  })
})

describe('the name of a node that an earlier start left behind', () => {
  const earlierStart = 'deadbeef.4026531836.1.1'
  const leave = (process: string) => redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'old', '-', '600', 'process', process)

  it('is taken back at once after the machine was restarted: the data folder knows the earlier start', async () => {
    const data = temporaryFolder('lives')
    recordStart({ data, boot: 'old', log: silentLogger() })
    await leave(earlierStart)
    const began = systemClock.now()
    const membership = await join('b1', { previousStarts: recordStart({ data, boot: 'b1', log: silentLogger() }) })
    expect(systemClock.now() - began).toBeLessThan(5_000)
    expect(await redis.cli('HGET', '{hd}:node:paris-1', 'boot')).toBe('b1')
    await membership.close()
  })

  it('is given up to a start that takes it back: the data folder is a copy of the folder of a living node', async () => {
    const data = temporaryFolder('lives')
    recordStart({ data, boot: 'a1', log: silentLogger() })
    const twin = (seconds: number) =>
      redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', 'a1', 'b1', String(seconds), 'process', earlierStart)
    await twin(15)
    const membership = await join('b1', { clock: hasty, previousStarts: recordStart({ data, boot: 'b1', log: silentLogger() }) })
    let isTaken = false
    membership.onTaken(() => {
      isTaken = true
    })
    let seconds = 15
    const heartbeat = async (): Promise<boolean> => {
      seconds += 1
      await twin(seconds)
      return isTaken
    }
    await expect.poll(heartbeat, { timeout: 10_000, interval: 100 }).toBe(true)
    await membership.close()
    expect(await redis.cli('HGET', '{hd}:node:paris-1', 'boot')).toBe('a1')
  })

  it('is taken back after seven seconds without a heartbeat by a recreated container', async () => {
    const data = temporaryFolder('lives')
    recordStart({ data, boot: 'old', log: silentLogger() })
    await leave('elsewhere.1.1.1')
    const began = hasty.now()
    const membership = await join('b1', { clock: hasty, previousStarts: recordStart({ data, boot: 'b1', log: silentLogger() }) })
    expect(hasty.now() - began).toBeGreaterThanOrEqual(7_000)
    expect(hasty.now() - began).toBeLessThan(15_000)
    await membership.close()
  })

  it('is taken back after seven seconds without a heartbeat, and not at once, if the earlier start was on another machine', async () => {
    const data = temporaryFolder('lives')
    // A data folder that moves from machine to machine, or that two of them share.
    writeFileSync(`${data}/starts`, 'old another-machine\n')
    await leave(earlierStart)
    const began = hasty.now()
    const membership = await join('b1', { clock: hasty, previousStarts: recordStart({ data, boot: 'b1', log: silentLogger() }) })
    expect(hasty.now() - began).toBeGreaterThanOrEqual(7_000)
    expect(hasty.now() - began).toBeLessThan(15_000)
    await membership.close()
  })

  it('is waited for if no data folder knows the earlier start: it may be on another machine', async () => {
    await leave(earlierStart)
    const began = hasty.now()
    const membership = await join('b1', { clock: hasty })
    expect(hasty.now() - began).toBeGreaterThanOrEqual(15_000)
    await membership.close()
  })
})

describe('a process that holds a name', () => {
  it('does not count as alive if it is a zombie, or if its id belongs to another program', async () => {
    // The child of a program that does not wait for its children.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'])
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    const identity = identityOf(pid)
    expect(lifeOf(identity)).toBe('alive')
    expect(lifeOf(identity.replace(/\d+$/, '1'))).toBe('gone')
    // The shell itself would wait for its child.
    await expect.poll(() => readFileSync(`/proc/${parent.pid}/stat`, 'utf8')).toContain('(sleep)')
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => lifeOf(identity)).toBe('gone')
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(' Z ')
    parent.kill('SIGKILL')
  })
})
