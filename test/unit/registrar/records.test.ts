import { beforeEach, describe, expect, it } from 'vitest'
import type { DeviceId, NodeName } from '../../../src/base/identity.js'
import type { Store } from '../../../src/store/store.js'
import type { TestRedis } from '../../support/redis/redis.js'
import { keyOf, stateOf } from '../../support/redis/redis-store.js'
import { seedDevices, useSeededStore } from '../../support/redis/seeded-store.js'
import { type Bench, createBench, HD0001 } from '../../support/sip/registrar-bench.js'

const seeded = useSeededStore()
let redis: TestRedis
let store: Store
let opened: Bench[]

beforeEach(() => {
  ;({ redis, store } = seeded)
  opened = []
  return async () => {
    for (const bench of opened) await bench.close()
  }
})

function open(node = 'paris-1', over: Store = store): Bench {
  const bench = createBench(over, { node: node as NodeName })
  opened.push(bench)
  return bench
}

const desk = 'sip:HD0001@192.0.2.7:5060'
const written = (isWanted: (record: ReadonlyMap<string, string>) => boolean): Promise<void> =>
  keyOf(store, 'reg:HD0001', (record) => record !== undefined && isWanted(record))
const contactsOf = (bench: Bench): readonly string[] => bench.registrar.bindingsOf(HD0001).map(({ node, contact }) => `${node} ${contact}`)

/** Resolves when the phone has left that node. */
function left(bench: Bench): Promise<DeviceId> {
  return new Promise((resolve) => {
    bench.registrar.onUnregistered(resolve)
  })
}

describe('the record of a registration in Redis', () => {
  it('is readable for an operator, and is deleted when the registration ends', async () => {
    open().register({ Contact: `<${desk}>;expires=600, <sip:HD0001@192.0.2.8>;expires="300"`, CSeq: '7 REGISTER' })
    await written((record) => record.has('contact.2'))
    const lines = (await redis.cli('HGETALL', '{hd}:reg:HD0001')).split('\n')
    const fields = Object.fromEntries(lines.flatMap((line, i) => (i % 2 === 0 ? [[line, lines[i + 1]]] : [])))
    expect(fields).toEqual({
      node: 'paris-1',
      contact: desk,
      flow: 'sip:203.0.113.9:40312;transport=udp',
      local: '192.0.2.10:5060',
      between: 'nat',
      expires: '1800000600',
      'call-id': 'call-1',
      cseq: '7',
      'user-agent': 'Yealink SIP-T54W 96.86.0.100',
      digest: 'SHA-256',
      domain: 'hotdesk.example',
      registered: '1800000000',
      'contact.2': 'sip:HD0001@192.0.2.8',
      'flow.2': 'sip:203.0.113.9:40312;transport=udp',
      'local.2': '192.0.2.10:5060',
      'between.2': 'nat',
      'expires.2': '1800000300',
      'call-id.2': 'call-1',
      'cseq.2': '7',
      'user-agent.2': 'Yealink SIP-T54W 96.86.0.100',
      'digest.2': 'SHA-256',
      'domain.2': 'hotdesk.example',
      'registered.2': '1800000000',
    })
    expect(Number(await redis.cli('TTL', '{hd}:reg:HD0001'))).toBeGreaterThan(590)
  })

  it('is deleted by REGISTER with Expires 0', async () => {
    const bench = open()
    bench.register({ Contact: `<${desk}>` })
    await written(() => true)
    bench.register({ Contact: '*', Expires: '0' })
    await keyOf(store, 'reg:HD0001', (record) => record === undefined)
  })

  it('gets only a new expiry from a refresh that changes nothing else', async () => {
    const commands: string[] = []
    const bench = open('paris-1', noting(store, commands))
    bench.register({ Contact: `<${desk}>;expires=600` })
    await written(() => true)
    bench.clock.advance(300_000)
    bench.register({ Contact: `<${desk}>;expires=600` })
    await written((record) => record.get('expires') === '1800000900')
    const ofRegistration = commands.filter((command) => command.includes(' reg:'))
    expect(ofRegistration).toEqual(['replaceHash reg:HD0001', 'putFields reg:HD0001 expires=1800000900 for 600 s'])
  })

  it('loses an expired contact and keeps the other', async () => {
    const bench = open()
    bench.register({ Contact: `<${desk}>;expires=600, <sip:HD0001@192.0.2.8>;expires=60` })
    await written((record) => record.has('contact.2'))
    bench.clock.advance(60_000)
    await written((record) => !record.has('contact.2'))
    expect(contactsOf(bench)).toEqual([`paris-1 ${desk}`])
  })

  it('is written again if it is deleted or damaged', async () => {
    open().register({ Contact: `<${desk}>` })
    await written(() => true)
    // Asked of Redis itself: the copy may not have seen the damage yet.
    const field = (name: string) => expect.poll(() => redis.cli('HGET', '{hd}:reg:HD0001', name), { timeout: 5_000 })
    await redis.cli('DEL', '{hd}:reg:HD0001')
    await field('contact').toBe(desk)
    await redis.cli('HSET', '{hd}:reg:HD0001', 'flow', 'sip:198.51.100.1')
    await field('flow').toBe('sip:203.0.113.9:40312;transport=udp')
    await redis.empty()
    await field('contact').toBe(desk)
  })
})

describe('a restarted node', () => {
  it('knows its phones before they send anything', async () => {
    const before = open()
    before.register({ Contact: `<${desk}>;expires=600`, CSeq: '40 REGISTER' })
    await written(() => true)
    await before.close()
    const after = open()
    expect(after.registrar.bindingsOf(HD0001)).toMatchObject([
      { contact: desk, flow: 'sip:203.0.113.9:40312;transport=udp', node: 'paris-1' },
    ])
    expect(after.register({ Contact: `<${desk}>;expires=0`, CSeq: '39 REGISTER' }).status).toBe(500)
    after.clock.advance(600_000)
    expect(contactsOf(after)).toEqual([])
  })

  it('does not take over the phones of another node', async () => {
    open('paris-2').register({ Contact: `<${desk}>` })
    await written(() => true)
    const starting = open('paris-1')
    expect(contactsOf(starting)).toEqual([`paris-2 ${desk}`])
    expect(starting.deliver({ headers: { Authorization: '' } }).status).toBe(401)
  })

  it('knows them as soon as the copy is filled, if Redis was away at the start', async () => {
    const before = open()
    before.register({ Contact: `<${desk}>` })
    await written(() => true)
    await before.close()
    const record = new Map(store.replica.hash('reg:HD0001'))
    await redis.cli('DEL', '{hd}:reg:HD0001')
    await keyOf(store, 'reg:HD0001', (found) => found === undefined)
    const after = open()
    expect(contactsOf(after)).toEqual([])
    await store.replaceHash('reg:HD0001', Object.fromEntries(record), 600)
    await written(() => true)
    expect(contactsOf(after)).toEqual([`paris-1 ${desk}`])
  })
})

describe('a phone that changes its node', () => {
  it('is at the new one for all nodes, and the old one is informed', async () => {
    const [one, two] = [open('paris-1'), open('paris-2')]
    one.register({ Contact: `<${desk}>` })
    await written(() => true)
    expect(contactsOf(two)).toEqual([`paris-1 ${desk}`])
    const gone = left(one)
    two.register({ Contact: '<sip:HD0001@192.0.2.7:5062>' }, { callId: 'another' })
    expect(await gone).toBe(HD0001)
    expect([contactsOf(one), contactsOf(two)]).toEqual([['paris-2 sip:HD0001@192.0.2.7:5062'], ['paris-2 sip:HD0001@192.0.2.7:5062']])
  })

  it('may unregister at another node than it registered at', async () => {
    const [one, two] = [open('paris-1'), open('paris-2')]
    one.register({ Contact: `<${desk}>` })
    await written(() => true)
    const gone = left(one)
    two.register({ Contact: '*', Expires: '0' }, { callId: 'another' })
    await gone
    expect([contactsOf(one), contactsOf(two)]).toEqual([[], []])
  })

  it('may return to the first one', async () => {
    const [one, two] = [open('paris-1'), open('paris-2')]
    one.register({ Contact: `<${desk}>` })
    await written(() => true)
    two.register({ Contact: `<${desk}>` }, { callId: 'b' })
    await written((record) => record.get('node') === 'paris-2')
    one.register({ Contact: `<${desk}>` }, { callId: 'c' })
    await written((record) => record.get('node') === 'paris-1')
    expect([contactsOf(one), contactsOf(two)]).toEqual([[`paris-1 ${desk}`], [`paris-1 ${desk}`]])
  })
})

describe('without Redis', () => {
  it('phones register and stay registered, and their records are written a few at a time when Redis returns', async () => {
    const ids = Array.from({ length: 100 }, (_, i) => `HD${1000 + i}` as DeviceId)
    const commands: string[] = []
    const most = { underWay: 0, ever: 0 }
    await seedDevices(store, ids)
    const bench = open('paris-1', noting(store, commands, most))
    await redis.kill()
    await stateOf(store, 'lost')
    for (const id of ids) {
      const credentials = bench.credentials({ username: id })
      const headers = { To: `<sip:${id}@hotdesk.example>`, Authorization: credentials, Contact: `<sip:${id}@192.0.2.7>` }
      expect(bench.deliver({ headers }).status).toBe(200)
      expect(bench.deliver({ headers: { ...headers, Authorization: bench.credentials({ username: id }) } }).status).toBe(200)
    }
    expect(bench.registrar.bindingsOf('HD1099' as DeviceId)).toHaveLength(1)
    const last = keyOf(store, 'reg:HD1099', (record) => record !== undefined, 8_000)
    await redis.start()
    await last
    expect(Number(await redis.cli('EXISTS', ...ids.map((id) => `{hd}:reg:${id}`)))).toBe(100)
    expect(commands.length).toBeLessThan(200)
    expect(most.ever).toBeLessThanOrEqual(8)
  })
})

/** The store itself, with a list of what was written through it. */
function noting(real: Store, commands: string[], most = { underWay: 0, ever: 0 }): Store {
  async function count<Result>(note: string, run: () => Promise<Result>): Promise<Result> {
    commands.push(note)
    most.underWay += 1
    most.ever = Math.max(most.ever, most.underWay)
    try {
      return await run()
    } finally {
      most.underWay -= 1
    }
  }
  const noted: Pick<Store, 'replaceHash' | 'putFields'> = {
    replaceHash: (key, fields, ttl) => count(`replaceHash ${key}`, () => real.replaceHash(key, fields, ttl)),
    putFields(key, fields, ttl) {
      const words = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
      return count(`putFields ${key} ${words.join(' ')} for ${ttl} s`, () => real.putFields(key, fields, ttl))
    },
  }
  return Object.setPrototypeOf(noted, real) as Store
}
