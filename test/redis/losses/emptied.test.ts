import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import type { NodeName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { type Bindings, createBindings } from '../../../src/registrar/bindings/bindings.js'
import type { Store } from '../../../src/store/store.js'
import { keepLog } from '../../support/node/kept-log.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { type DeskNode, device, extension, openDeskNode, pin } from '../../support/redis/redis-network.js'
import { openRelay } from '../../support/redis/redis-relay.js'
import { entriesOf, keyOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

const phones = Array.from({ length: 300 }, (_, index) => `HD${1_000 + index}`)
const log = keepLog()

let redis: TestRedis
let node: DeskNode
let bindings: Bindings

beforeAll(async () => {
  redis = await startTestRedis()
  node = await openDeskNode(redis, { log: log.log })
  const { store } = node
  bindings = createBindings({ store, node: 'paris-1' as NodeName, clock: store.clock, log: silentLogger(), metrics: createMetrics() })
  for (const id of phones) bindings.replace(device(id), [bound(id)])
  await keyOf(store, `reg:${phones.at(-1)}`, (hash) => hash !== undefined, 5_000)
})
afterAll(async () => {
  await bindings.close()
  await node.close()
  await redis.close()
})

function bound(id: string) {
  const now = systemClock.now() / 1_000
  const flow = {
    digest: '',
    domain: '',
    local: '',
    path: '',
    intermediary: '' as const,
    contact: `sip:${id}@192.0.2.9:5060`,
    flow: 'sip:192.0.2.9:5060',
    node: 'paris-1' as NodeName,
    userAgent: 'desk phone',
  }
  return { device: device(id), ...flow, expires: now + 600, callId: id, cseq: 1, instance: '', registered: now }
}

describe('FLUSHALL while calls are up', () => {
  it('is reported at once; the copy keeps the users, and the node rewrites its registrations, its calls and itself', async () => {
    await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')
    await keyOf(node.store, 'devices', (hash) => hash?.get('HD0001') === '100')
    node.hotdesk.callBegan(device('HD0001'), 'ordinary')
    node.hotdesk.callBegan(device('HD0002'), 'emergency')
    await keyOf(node.store, 'quiet:HD0002', (hash) => hash !== undefined)

    await redis.cli('FLUSHALL')
    await expect.poll(() => redis.cli('--raw', 'EVAL', "return #redis.call('KEYS', '{hd}:reg:*')", '0'), { timeout: 5_000 }).toBe('300')
    await expect.poll(() => redis.cli('EXISTS', '{hd}:node:paris-1', '{hd}:oncall:HD0001', '{hd}:quiet:HD0002')).toBe('3')
    expect(node.store.state).toBe('connected')
    expect(bindings.of(device('HD1000'))).toHaveLength(1)
    expect(node.hotdesk.isQuiet(device('HD0002'))).toBe(true)
    const told = entriesOf(log).flatMap(({ event }) => (event === 'store.shrunk' || event === 'store.emptied' ? [event] : []))
    expect(told.sort()).toEqual(['store.emptied', 'store.shrunk'])
    expect(node.store.replica.hash('devices')?.get('HD0001')).toBe('100')
    expect(node.directory.user(extension('100'))?.name).toBe('Alice')
  })

  it('refuses logins as long as users are missing, and reports it', async () => {
    const login = { extension: extension('101'), device: device('HD0003'), pin: pin('5822') }
    expect(await node.hotdesk.login(login)).toEqual({ outcome: 'STORE_LOST' })
    expect(node.store.condition().reasons).toEqual([
      expect.stringMatching(/^Redis has lost 3 users, 4 phones, 1 login: .*hotdesk redis accept$/),
    ])
  })

  it('keeps the last copy of the users and phones beside the saved one, which keeps them as well', async () => {
    const data = join(redis.directory, 'paris-1')
    const kept = await readFile(join(data, 'copy-hd.emptied.jsonl'), 'utf8')
    expect(kept).toMatch(/^\["user:100",.*Alice/m)
    await expect.poll(() => readFile(join(data, 'copy-hd.jsonl'), 'utf8').catch(() => ''), { timeout: 10_000 }).toContain('reg:HD1000')
    expect(await readFile(join(data, 'copy-hd.jsonl'), 'utf8')).toContain('Alice')
    expect(await readFile(join(data, 'copy-hd.emptied.jsonl'), 'utf8')).toBe(kept)
  })

  it('is reported as well when Redis comes back without its file', async () => {
    const second = keepLog()
    const store = await openTestStore(redis, { log: second.log, data: join(redis.directory, 'b') })
    for (const user of ['user:100', 'user:101']) await redis.cli('HSET', `{hd}:${user}`, 'name', 'Alice')
    await keyOf(store, 'user:101', (hash) => hash !== undefined)
    const lost = stateOf(store, 'lost')
    await redis.kill()
    await lost
    await redis.forget()
    await redis.start()
    await stateOf(store, 'connected', 8_000)
    expect(entriesOf(second).map(({ event }) => event)).toContain('store.emptied')
    await store.close()
  })
})

describe('a node that ends while it reads a network that was emptied', () => {
  const people = Array.from({ length: 1_200 }, (_, index) => `${20_000 + index}`)
  const kept = keepLog()
  let data: string
  let store: Store

  beforeEach(async () => {
    await redis.cli(
      'EVAL',
      "for i = 20000, 21199 do redis.call('HSET', '{hd}:user:' .. i, 'name', 'Alice ' .. i, 'home', 'paris') end",
      '0',
    )
    data = temporaryFolder('ending')
    store = await openTestStore(redis, { log: kept.log, data })
  })

  /** The first of the people have been missed then, and the others are being looked for. */
  async function whileItReads(end: () => Promise<void>): Promise<void> {
    await redis.cli('FLUSHALL')
    while (!store.condition().reasons.join().includes('has lost')) await pause(systemClock, 1)
    await end()
  }

  async function expectEverybodyIn(file: string): Promise<void> {
    const whole = await readFile(file, 'utf8')
    for (const id of people) expect(whole).toContain(`"Alice ${id}"`)
  }

  it('keeps the records on disk, in the file that its log names', async () => {
    await whileItReads(() => store.close())
    const file = join(data, 'copy-hd.emptied.jsonl')
    await expectEverybodyIn(file)
    const [told] = entriesOf(kept).filter(({ event }) => event === 'store.shrunk')
    expect(told?.msg).toContain(file)
  })

  it('does not wait for a Redis that does not respond, and does not take a part for the whole', async () => {
    await store.close()
    data = temporaryFolder('silenced')
    const relay = await openRelay(redis.socket)
    store = await openTestStore({ ...redis, place: relay.place }, { log: kept.log, data })
    // They are read in the order of the copy; the last ones are never asked for.
    relay.holdFrom(`{hd}:${[...store.replica.keysUnder('user:')].at(-1)}`)
    await whileItReads(async () => {
      const began = systemClock.now()
      await store.close()
      expect(systemClock.now() - began).toBeLessThan(4_000)
    })
    expect(await readdir(data)).toEqual(['copy-hd.emptied.jsonl'])
    await expectEverybodyIn(join(data, 'copy-hd.emptied.jsonl'))
    await relay.close()
  })
})
