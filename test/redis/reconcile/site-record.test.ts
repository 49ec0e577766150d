import { execFile } from 'node:child_process'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import type { NodeName, SiteName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { joinNetwork, type Membership, type MembershipNeeds } from '../../../src/directory/directory.js'
import type { Store } from '../../../src/store/store.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { followed, keyOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

const run = promisify(execFile)
const numbers = ['+33199000100=100']
const ours = numbers.join(' ')

let redis: TestRedis
let store: Store
let membership: Membership | null

beforeEach(async () => {
  redis = await startTestRedis()
  store = await openTestStore(redis)
  membership = null
})
afterEach(async () => {
  await membership?.close()
  await store.close()
  await redis.close()
})

async function joins(published: Partial<MembershipNeeds>, at = store): Promise<void> {
  const address = { site: 'paris' as SiteName, sip: 'udp:192.0.2.10:5060', version: '0.1.0', library: 1, emergency: ['112'] }
  const parts = { node: 'paris-1' as NodeName, boot: 'b1', clock: systemClock, log: silentLogger() }
  membership = await joinNetwork({ store: at, ...address, ...parts, ...published })
}

/** The record of the site, once the copy has it. */
function recorded(fields: Readonly<Record<string, string>>, at = store): Promise<void> {
  const isSo = (hash: ReadonlyMap<string, string> | undefined) => Object.entries(fields).every(([name, text]) => hash?.get(name) === text)
  return keyOf(at, 'site:paris', isSo)
}

/** Redis is away for the node while an operator, a restore or another node writes. */
async function whileAway(...commands: readonly (readonly string[])[]): Promise<void> {
  const moved = join(redis.directory, 'moved.sock')
  await rename(redis.socket, moved)
  const type = async (...words: readonly string[]) => void (await run('redis-cli', ['-s', moved, ...words]))
  await type('CLIENT', 'KILL', 'TYPE', 'normal')
  await stateOf(store, 'lost')
  for (const words of commands) await type(...words)
  await rename(moved, redis.socket)
  await stateOf(store, 'connected', 10_000)
}

describe('the record of a site', () => {
  it.each([
    ['dids', '', ours],
    ['dids', '+33199000200=200', ours],
    ['profiles', 'of yesterday', ''],
    ['emergency', '15', '112'],
    ['reserved', '4', ''],
  ])('has the %s of its node again if they became "%s" while Redis was away', async (field, lost, text) => {
    await joins({ dids: numbers })
    await recorded({ emergency: '112', dids: ours })
    await whileAway(['HSET', '{hd}:site:paris', field, lost])
    await recorded({ emergency: '112', dids: ours, [field]: text })
  })

  it('loses the direct numbers that its plan no longer has if the node started while Redis was away', async () => {
    await redis.cli('HSET', '{hd}:site:paris', 'dids', ours, 'profiles', 'of yesterday')
    await redis.kill()
    await stateOf(store, 'lost')
    const late = await openTestStore(redis, { data: join(redis.directory, 'late'), startWithinMs: 100 })
    try {
      await joins({}, late)
      await redis.start()
      await keyOf(late, 'site:paris', (hash) => hash?.get('dids') === '' && hash.get('profiles') === '', 15_000)
      await membership?.close()
      membership = null
    } finally {
      await late.close()
    }
  })

  it('keeps what another node of the site has published later', async () => {
    await joins({ dids: numbers })
    await recorded({ dids: ours })
    await redis.cli('HSET', '{hd}:site:paris', 'dids', '+33199000300=300')
    await recorded({ dids: '+33199000300=300' })
    await whileAway(['DEL', '{hd}:node:paris-1'])
    await keyOf(store, 'node:paris-1', (hash) => hash !== undefined)
    // The first waits for the reply to the heartbeat, the second for a write that would follow it.
    await followed(store)
    await followed(store)
    expect(await redis.cli('HGET', '{hd}:site:paris', 'dids')).toBe('+33199000300=300')
  })
})
