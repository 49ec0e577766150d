import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeviceId } from '../../../src/base/identity.js'
import type { Store } from '../../../src/store/store.js'
import { keyOf } from '../../support/redis/redis-store.js'
import { openSeededStore } from '../../support/redis/seeded-store.js'
import { type Bench, challengesIn, createBench, natSource, realm } from '../../support/sip/registrar-bench.js'

let seeded: Awaited<ReturnType<typeof openSeededStore>>
let store: Store

beforeAll(async () => {
  seeded = await openSeededStore(['HD0001', 'HD0002'] as DeviceId[])
  store = seeded.store
})

afterAll(() => seeded.close())

async function onBench(bench: Bench, run: () => void | Promise<void>): Promise<void> {
  try {
    await run()
  } finally {
    await bench.close()
  }
}

const offered = (bench: Bench, parts: Parameters<Bench['deliver']>[0] = {}): readonly string[] =>
  challengesIn(bench.deliver(parts)).map(({ algorithm }) => algorithm)

describe('sip.digest', () => {
  it('with SHA-256 alone offers no MD5 and accepts none, however often a phone tries', async () => {
    const both = createBench(store)
    const strict = createBench(store, { settings: { algorithms: ['SHA-256'] } })
    await onBench(strict, () => {
      expect([offered(strict), offered(strict), offered(strict)]).toEqual([['SHA-256'], ['SHA-256'], ['SHA-256']])
      const [challenge] = challengesIn(strict.deliver({}))
      const md5 = strict.credentials({ ...(challenge && { challenge: { ...challenge, algorithm: 'MD5' } }) })
      expect(strict.deliver({ headers: { Authorization: md5 } }).status).toBe(401)
      expect(strict.register({}).status).toBe(200)
    })
    await both.close()
  })

  it('with SHA-512-256 first offers it first', async () => {
    const best = createBench(store, { settings: { algorithms: ['SHA-512-256', 'SHA-256', 'MD5'] } })
    await onBench(best, () => expect(offered(best)).toEqual(['SHA-512-256', 'SHA-256', 'MD5']))
  })

  it('with qop required refuses credentials without it, which have neither nc nor cnonce', async () => {
    const strict = createBench(store, { settings: { qop: 'required' } })
    await onBench(strict, () => {
      const [challenge] = challengesIn(strict.deliver({}))
      const bare = strict.credentials({ ...(challenge && { challenge: { ...challenge, qop: [] } }) })
      expect(strict.deliver({ headers: { Authorization: bare } }).status).toBe(401)
      expect(strict.register({}).status).toBe(200)
    })
  })
})

describe('a device that is known to support more than MD5', () => {
  const contact = { To: `<sip:HD0002@${realm}>`, From: `<sip:HD0002@${realm}>;tag=1` }

  it('is offered every algorithm, whoever sends requests in its name, however often, and also after wrong credentials by MD5', async () => {
    const bench = createBench(store)
    await onBench(bench, async () => {
      const written = keyOf(store, 'device:HD0002', (record) => record?.get('digest')?.startsWith('SHA-256 203.0.113.9 ') === true)
      const credentials = bench.credentials({ username: 'HD0002' })
      const headers = { ...contact, Contact: '<sip:HD0002@203.0.113.9>', Authorization: credentials }
      expect(bench.deliver({ headers, callId: 'call-of-HD0002' }).status).toBe(200)
      await written
      const elsewhere = { ...natSource, address: '198.51.100.4' }
      for (const source of [natSource, elsewhere]) {
        for (const agent of ['Yealink SIP-T54W 96.86.0.100', 'baresip v1.0.0 (x86_64/linux)', 'Attack 1.0']) {
          const asking = { headers: { ...contact, 'User-Agent': agent }, source }
          for (let round = 0; round < 3; round++) expect(offered(bench, asking), agent).toEqual(['SHA-256', 'MD5'])
        }
      }
      const wrong = bench.credentials({ username: 'HD0002', algorithm: 'MD5', password: 'guess' })
      expect(offered(bench, { headers: { ...contact, Authorization: wrong } })).toEqual(['SHA-256', 'MD5'])
    })
  })

  it('is known after a restart that has lost its registration', async () => {
    const bench = createBench(store)
    await onBench(bench, async () => {
      const gone = keyOf(store, 'reg:HD0002', (record) => record === undefined)
      const headers = { ...contact, Contact: '*', Expires: '0', Authorization: bench.credentials({ username: 'HD0002' }) }
      bench.deliver({ headers, callId: 'another call of HD0002' })
      await gone
    })
    const restarted = createBench(store)
    await onBench(restarted, () => {
      for (let round = 0; round < 3; round++) expect(offered(restarted, { headers: contact })).toEqual(['SHA-256', 'MD5'])
    })
  })
})

describe('an unknown device', () => {
  it('that chooses MD5 from the whole offer gets the whole offer the next time as well', async () => {
    const bench = createBench(store)
    await onBench(bench, () => {
      for (let round = 0; round < 3; round++) {
        const challenges = challengesIn(bench.deliver({}))
        expect(challenges.map(({ algorithm }) => algorithm)).toEqual(['SHA-256', 'MD5'])
        const challenge = challenges.find(({ algorithm }) => algorithm === 'MD5')
        const authorization = bench.credentials({ ...(challenge && { challenge }) })
        expect(bench.deliver({ headers: { Authorization: authorization } }).status).toBe(200)
      }
    })
  })
})
