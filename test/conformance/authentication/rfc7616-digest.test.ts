import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import { parseCredentials, printCredentials } from '../../../src/sip/auth/digest.js'
import type { Store } from '../../../src/store/store.js'
import { keyOf } from '../../support/redis/redis-store.js'
import { openSeededStore, seedDevices } from '../../support/redis/seeded-store.js'
import {
  type Answered,
  type Bench,
  challengesIn,
  createBench,
  HD0001,
  incoming,
  natSource,
  realm,
} from '../../support/sip/registrar-bench.js'

let seeded: Awaited<ReturnType<typeof openSeededStore>>
let store: Store
let bench: Bench

beforeAll(async () => {
  seeded = await openSeededStore()
  store = seeded.store
})

afterAll(() => seeded.close())

beforeEach(() => {
  bench = createBench(store)
  return () => bench.close()
})

const fetchWith = (authorization: string): Answered => bench.deliver({ headers: { Authorization: authorization } })
const isStale = (answer: Answered): readonly boolean[] => challengesIn(answer).map((challenge) => challenge.stale)

/** An INVITE of HD0001; what the registrar makes of it, and what it answered itself. */
function invite(headers: Readonly<Record<string, string>>) {
  const { request, answer } = incoming({
    method: 'INVITE',
    uri: 'sip:101@hotdesk.example',
    headers: { From: `<sip:HD0001@${realm}>`, ...headers },
  })
  return { authentication: bench.registrar.authenticate(request), answer }
}

describe('RFC 8760: the challenges', () => {
  it('§2.3: offer each algorithm in a header line of its own, the strongest first', () => {
    const answer = bench.deliver({})
    expect(answer.lines('WWW-Authenticate').every((line) => line.startsWith('Digest '))).toBe(true)
    expect(challengesIn(answer).map((challenge) => challenge.algorithm)).toEqual(['SHA-256', 'MD5'])
  })

  it.each(['SHA-256', 'MD5'] as const)('§2.4: credentials by %s are accepted', (algorithm) => {
    expect(fetchWith(bench.credentials({ algorithm })).status).toBe(200)
  })

  it('an algorithm that was not offered is challenged again', () => {
    const sess = bench.credentials({ algorithm: 'MD5' }).replace('algorithm=MD5', 'algorithm=MD5-sess')
    expect([fetchWith(sess).status, isStale(fetchWith(sess))]).toEqual([401, [false, false]])
  })
})

describe('a phone that does not ignore unknown algorithms, as RFC 8760 §2.3 requires', () => {
  const algorithmsFor = (parts: Parameters<Bench['deliver']>[0]): readonly string[] =>
    challengesIn(bench.deliver(parts)).map((challenge) => challenge.algorithm)

  it('sends a request without credentials again and is offered MD5 alone', () => {
    expect(algorithmsFor({})).toEqual(['SHA-256', 'MD5'])
    expect(algorithmsFor({ callId: 'call-2' })).toEqual(['MD5'])
  })

  it('is remembered after its next credentials, right or wrong', () => {
    algorithmsFor({})
    algorithmsFor({})
    const credentials = bench.credentials({ algorithm: 'MD5', password: 'guess' })
    expect(algorithmsFor({ headers: { Authorization: credentials } })).toEqual(['MD5'])
    expect(fetchWith(bench.credentials({ algorithm: 'MD5' })).status).toBe(200)
    expect(algorithmsFor({})).toEqual(['MD5'])
  })

  it('shows by its credentials that it knows MD5 alone, also after a restart of the node', () => {
    const guess = bench.credentials({ algorithm: 'MD5', password: 'guess' })
    expect(algorithmsFor({ headers: { Authorization: guess } })).toEqual(['MD5'])
  })

  it('is known by its registration after a restart of the node, but not from another address', async () => {
    const written = keyOf(store, 'reg:HD0001', (record) => record !== undefined)
    const headers = { Authorization: bench.credentials({ algorithm: 'MD5' }), Contact: '<sip:HD0001@203.0.113.9>' }
    expect(bench.deliver({ headers }).status).toBe(200)
    await written
    const restarted = createBench(store)
    const elsewhere = { protocol: 'udp', address: '198.51.100.4', port: 5060 } as const
    expect(challengesIn(restarted.deliver({})).map(({ algorithm }) => algorithm)).toEqual(['MD5'])
    expect(challengesIn(restarted.deliver({ source: elsewhere }))).toHaveLength(2)
    await restarted.close()
    const gone = keyOf(store, 'reg:HD0001', (record) => record === undefined)
    bench.register({ Contact: '*', Expires: '0' })
    await gone
  })

  it('is known after a restart that ended its registration, as long as its User-Agent is the same', async () => {
    const written = keyOf(store, 'device:HD0001', (record) => record?.get('digest') === 'MD5 203.0.113.9 Desk 1.0')
    const [agent, contact] = [{ 'User-Agent': 'Desk 1.0' }, { Contact: '<sip:HD0001@203.0.113.9>' }]
    const asked = (from: Bench, headers: Readonly<Record<string, string>>) =>
      challengesIn(from.deliver({ headers })).map(({ algorithm }) => algorithm)
    bench.deliver({ headers: { ...agent, ...contact, Authorization: bench.credentials({ algorithm: 'MD5' }) } })
    await written
    // An update is asked for the better one again, also here and while the registration of the old program stands.
    expect([asked(bench, agent), asked(bench, { 'User-Agent': '' }), asked(bench, { 'User-Agent': 'Desk 2.0' })]).toEqual([
      ['MD5'],
      ['MD5'],
      ['SHA-256', 'MD5'],
    ])
    const gone = keyOf(store, 'reg:HD0001', (record) => record === undefined)
    bench.register({ ...agent, Contact: '*', Expires: '0' })
    await gone
    const restarted = createBench(store)
    expect(asked(restarted, agent)).toEqual(['MD5'])
    expect(asked(restarted, { 'User-Agent': 'Desk 2.0' })).toEqual(['SHA-256', 'MD5'])
    await restarted.close()
    const better = keyOf(store, 'device:HD0001', (record) => record?.get('digest') === 'SHA-256 203.0.113.9 Desk 2.0')
    bench.register({ 'User-Agent': 'Desk 2.0', ...contact })
    await better
    const unbound = keyOf(store, 'reg:HD0001', (record) => record === undefined)
    bench.register({ Contact: '*', Expires: '0' })
    await unbound
  })

  it('need not fail first if its User-Agent is known for it', () => {
    expect(algorithmsFor({ headers: { 'User-Agent': 'baresip v1.0.0 (x86_64/linux)' } })).toEqual(['MD5'])
  })

  it('is offered only MD5 in an emergency call', () => {
    const { request, answer } = incoming({ method: 'INVITE', uri: 'sip:112@hotdesk.example', headers: { From: `<sip:HD0001@${realm}>` } })
    bench.registrar.challengeCompatibly(request)
    expect([
      answer().status,
      answer()
        .lines('Proxy-Authenticate')
        .map((line) => /algorithm=([\w-]+)/.exec(line)?.[1]),
    ]).toEqual([407, ['MD5']])
  })

  it('is distinguished from a phone that sends credentials each time, by any algorithm', () => {
    for (const algorithm of ['MD5', 'SHA-256', 'MD5'] as const) expect(fetchWith(bench.credentials({ algorithm })).status).toBe(200)
    expect(algorithmsFor({})).toEqual(['SHA-256', 'MD5'])
  })

  it('is known by its name and its address: others are offered every algorithm', () => {
    algorithmsFor({})
    algorithmsFor({})
    const elsewhere = { protocol: 'udp', address: '198.51.100.4', port: 5060 } as const
    expect(algorithmsFor({ source: elsewhere })).toEqual(['SHA-256', 'MD5'])
    expect(algorithmsFor({ headers: { To: `<sip:HD0002@${realm}>` } })).toEqual(['SHA-256', 'MD5'])
  })
})

describe('RFC 7616 §3.3: the challenge', () => {
  it('MUST carry realm, nonce and qop, and the realm is the SIP domain', () => {
    for (const challenge of challengesIn(bench.deliver({}))) expect(challenge).toMatchObject({ realm, qop: ['auth'], stale: false })
  })

  it('has a nonce of its own each time', () => {
    const nonces = Array.from({ length: 50 }, () => challengesIn(bench.deliver({}))[0]?.nonce)
    expect(new Set(nonces).size).toBe(50)
  })

  it('stale: is TRUE when the password was right but the nonce is too old', () => {
    const credentials = bench.credentials()
    bench.clock.advance(300_001)
    const answer = fetchWith(credentials)
    expect([answer.status, isStale(answer)]).toEqual([401, [true, true]])
  })

  it('stale: is not TRUE for an old nonce with a wrong password', () => {
    const credentials = bench.credentials({ password: 'guess' })
    bench.clock.advance(300_001)
    expect(isStale(fetchWith(credentials))).toEqual([false, false])
  })

  it('stale: is TRUE for a nonce of another node of the network, and the phone need not ask for the password', async () => {
    const other = createBench(store)
    const credentials = other.credentials()
    await other.close()
    expect(isStale(fetchWith(credentials))).toEqual([true, true])
  })

  it('stale: is not TRUE for a nonce that no node of the network made', async () => {
    const other = createBench(store, { secret: new Secret('of another network') })
    const credentials = other.credentials()
    await other.close()
    expect(isStale(fetchWith(credentials))).toEqual([false, false])
  })
})

describe('RFC 7616 §3.4: the credentials', () => {
  it('a wrong password is refused with 401 and a new challenge', () => {
    const answer = fetchWith(bench.credentials({ password: 'open sesamf' }))
    expect([answer.status, isStale(answer)]).toEqual([401, [false, false]])
  })

  it('the same nonce serves several requests with a rising nc', () => {
    const challenge = challengesIn(bench.deliver({}))[0]
    expect(challenge).toBeDefined()
    const statuses = [1, 2, 3].map((count) => fetchWith(bench.credentials({ ...(challenge && { challenge }), count })).status)
    expect(statuses).toEqual([200, 200, 200])
  })

  it('nc: a request seen before is a replay and is refused with a fresh nonce', () => {
    const credentials = bench.credentials()
    expect(fetchWith(credentials).status).toBe(200)
    const replayed = fetchWith(credentials)
    expect([replayed.status, isStale(replayed)]).toEqual([401, [true, true]])
  })

  it('the nc is under the signature: raising it alone makes the response wrong', () => {
    const credentials = bench.credentials()
    expect(fetchWith(credentials.replace('nc=00000001', 'nc=00000002')).status).toBe(401)
  })

  it('RFC 3261 §22.4 (8): credentials without qop are accepted, once per nonce', () => {
    const challenge = challengesIn(bench.deliver({})).find(({ algorithm }) => algorithm === 'MD5')
    const credentials = bench.credentials({ ...(challenge && { challenge: { ...challenge, qop: [] } }) })
    expect(parseCredentials(credentials)?.qop).toBeNull()
    expect([fetchWith(credentials).status, fetchWith(credentials).status]).toEqual([200, 401])
  })

  it('qop auth-int was not offered and is challenged again', () => {
    const challenge = challengesIn(bench.deliver({}))[0]
    const credentials = bench.credentials({ ...(challenge && { challenge: { ...challenge, qop: ['auth-int'] } }) })
    expect(fetchWith(credentials).status).toBe(401)
  })

  it('the method is part of the digest: a REGISTER cannot be played again as an INVITE', () => {
    const { authentication } = invite({ 'Proxy-Authorization': bench.credentials({ method: 'REGISTER' }) })
    expect(authentication).toEqual({ outcome: 'refused' })
  })

  it('malformed credentials are challenged again and nothing breaks', () => {
    const whole = bench.credentials()
    const odd = [
      'Digest',
      'Digest ,,,',
      'Basic QWxhZGRpbg==',
      whole.slice(0, -40),
      whole.replace('nc=00000001', 'nc=1'),
      '"'.repeat(500),
      `${whole}, Digest x="`,
    ]
    expect(odd.map((text) => fetchWith(text).status).filter((status) => status !== 401 && status !== 200)).toEqual([])
  })

  it('RFC 3261 §22.4 (2): credentials for another realm are ignored', () => {
    const credentials = parseCredentials(bench.credentials())
    expect(credentials).not.toBeNull()
    if (credentials) expect(fetchWith(printCredentials({ ...credentials, realm: 'elsewhere' })).status).toBe(401)
  })

  it('RFC 3261 §22.3: of several credentials in one request those for our realm count, in any position', () => {
    const credentials = parseCredentials(bench.credentials())
    if (!credentials) throw new Error('no credentials')
    const foreign = printCredentials({ ...credentials, realm: 'elsewhere' })
    expect(fetchWith(`${foreign}, ${printCredentials(credentials)}`).status).toBe(200)
    expect(fetchWith(`${bench.credentials()},${foreign}`).status).toBe(200)
  })

  it('RFC 3261 §22.3: a nonce that was issued to another address is refused, with a right or wrong password', () => {
    const source = { ...natSource, address: '198.51.100.4' }
    const answers = [bench.credentials({ source }), bench.credentials({ source, password: 'guess' })].map(fetchWith)
    expect(answers.map((answer) => [answer.status, isStale(answer)])).toEqual([
      [401, [true, true]],
      [401, [true, true]],
    ])
  })
})

describe('a response does not reveal', () => {
  it('whether a device exists: an unknown device and a wrong password get the same response', () => {
    const shape = (answer: Answered): unknown => [
      answer.status,
      answer.parts.reason,
      Object.keys(answer.parts.headers ?? {}),
      answer.lines('WWW-Authenticate').map((line) => line.replace(/nonce="[^"]+"/, '')),
    ]
    const wrong = shape(fetchWith(bench.credentials({ password: 'guess' })))
    for (const username of ['HD9999', '', 'no device id', 'HD0001\\"', 'x'.repeat(300)]) {
      expect(shape(fetchWith(bench.credentials({ username, password: 'guess' }))), username).toEqual(wrong)
    }
  })

  it('that a device has been deleted', async () => {
    const gone = keyOf(store, 'device:HD0001', (record) => record === undefined)
    await bench.directory.removeDevice(HD0001)
    await gone
    const answer = fetchWith(bench.credentials())
    await seedDevices(store)
    expect([answer.status, isStale(answer)]).toEqual([401, [false, false]])
  })
})

describe('RFC 3261 §22.3: requests other than REGISTER', () => {
  it('are challenged with 407 and Proxy-Authenticate', () => {
    const { authentication, answer } = invite({})
    expect(authentication).toEqual({ outcome: 'challenged' })
    expect([answer().status, challengesIn(answer()).length, answer().lines('WWW-Authenticate')]).toEqual([407, 2, []])
  })

  it('are authenticated by their Proxy-Authorization, before any response', () => {
    const { request } = incoming({
      method: 'INVITE',
      headers: { From: `<sip:HD0001@${realm}>`, 'Proxy-Authorization': bench.credentials({ method: 'INVITE' }) },
    })
    expect(bench.registrar.authenticate(request)).toEqual({ outcome: 'device', device: HD0001, digest: 'SHA-256' })
    expect(request.responded).toBe(false)
  })

  it('are refused with 403 when From names another device', () => {
    const { authentication, answer } = invite({
      From: `<sip:HD0002@${realm}>`,
      'Proxy-Authorization': bench.credentials({ method: 'INVITE' }),
    })
    expect([authentication.outcome, answer().status]).toEqual(['refused', 403])
  })

  it('RFC 3323 §4.1.1.3: may come from an anonymous From', () => {
    const { authentication } = invite({
      From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
      'Proxy-Authorization': bench.credentials({ method: 'INVITE' }),
    })
    expect(authentication.outcome).toBe('device')
  })
})
