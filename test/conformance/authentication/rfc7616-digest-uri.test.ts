import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DeviceId } from '../../../src/base/identity.js'
import { fitsRequest } from '../../../src/registrar/authentication/digest-uri.js'
import type { Store } from '../../../src/store/store.js'
import { keyOf } from '../../support/redis/redis-store.js'
import { openSeededStore, seedDevices } from '../../support/redis/seeded-store.js'
import { type Bench, createBench, HD0001, incoming, realm } from '../../support/sip/registrar-bench.js'

const HD0002 = 'HD0002' as DeviceId

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

const ours = new Set(['hotdesk.example', '192.0.2.10', '2001:db8::1'])
const fits = (method: string, requestUri: string, digestUri: string): boolean =>
  fitsRequest(digestUri, { method, requestUri, isOurs: (host) => ours.has(host.toLowerCase()) })

const otherMethods = ['MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'OPTIONS', 'BYE', 'REFER']

/** Request-URI, digest URI. */
type Pair = readonly [string, string]

describe('RFC 7616 §3.4.6: the digest URI of a call', () => {
  it.each<Pair>([
    ['sip:0123@hotdesk.example', 'sip:0123@hotdesk.example'],
    ['sip:0123@hotdesk.example;transport=tcp;user=phone', 'sip:0123@hotdesk.example'],
    ['sip:0123@hotdesk.example:5060', 'sip:0123@hotdesk.example'],
    ['sip:0123@hotdesk.example', 'sip:0123@hotdesk.example:5060'],
    ['sip:0123@hotdesk.example:6060;transport=udp', 'sip:0123@hotdesk.example'],
    // SIPp signs the port that it sends to.
    ['sip:0123@hotdesk.example', 'sip:0123@hotdesk.example:6060'],
    ['sips:0123@hotdesk.example:5061', 'sip:0123@hotdesk.example'],
    ['sip:0123@192.0.2.10:5070', 'sip:0123@hotdesk.example'],
    ['sip:0123@[2001:db8::1]', 'sip:0123@192.0.2.10:5060'],
    ['sip:0123@HOTDESK.example', 'SIP:0123@hotdesk.EXAMPLE'],
    ['sip:*77*100%23@hotdesk.example', 'sip:%2A77%2a100#@hotdesk.example'],
    ['sip:+33-1-23@hotdesk.example;user=phone', 'tel:+33123'],
    ['tel:+33123', 'sip:+33123@hotdesk.example;user=phone'],
    ['tel:+33-123', 'tel:+33123'],
    ['sip:0123;phone-context=+33@hotdesk.example', 'sip:0123@hotdesk.example'],
    ['urn:service:sos', 'URN:service:SOS'],
    // SIPp and some stacks sign the address of their server for every request.
    ['sip:0123@hotdesk.example', 'sip:192.0.2.10:5060'],
    ['tel:+33123', 'sip:hotdesk.example'],
  ])('may be another spelling of the Request-URI: %s, %s', (requestUri, digestUri) => {
    expect(fits('INVITE', requestUri, digestUri)).toBe(true)
  })

  it.each<Pair>([
    ['sip:0123@hotdesk.example', 'sip:hold@elsewhere.example'],
    ['sip:0123@hotdesk.example', 'sip:0123@elsewhere.example'],
    ['sip:0123@hotdesk.example', 'sip:elsewhere.example'],
    ['sip:0123@elsewhere.example', 'sip:elsewhere.example'],
    ['sip:0123@hotdesk.example', 'sip:hold@hotdesk.example'],
    ['sip:0123@[2001:db8::1]', 'sip:hold@[2001:db8::1]'],
    ['sip:0123@hotdesk.example', 'sip:0123%40elsewhere@hotdesk.example'],
    ['sip:0123@hotdesk.example', 'sip:01234@hotdesk.example'],
    ['sip:0123@hotdesk.example', 'sip:0123:secret@hotdesk.example'],
    ['sip:0123@hotdesk.example:6060', 'sip:0123@hotdesk.example:7070'],
    ['sip:0123@hotdesk.example', 'sip:0123@hotdesk.example;maddr=203.0.113.66'],
    ['sip:0123@hotdesk.example;maddr=203.0.113.66', 'sip:0123@hotdesk.example'],
    ['sip:0123@hotdesk.example;maddr=203.0.113.66', 'sip:0123@hotdesk.example;maddr=203.0.113.66'],
    ['sip:0123@hotdesk.example', 'tel:+33123'],
    ['tel:0123', 'sip:0123@elsewhere.example'],
    ['tel:0123', 'tel:01234'],
    ['sip:0123@hotdesk.example', 'http://hotdesk.example/0123'],
    ['sip:0123@hotdesk.example', '0123'],
    ['sip:0123@hotdesk.example', ''],
    ['sip:hotdesk.example', 'sip:0123@hotdesk.example'],
    ['urn:service:sos', 'sip:hold@elsewhere.example'],
  ])('must not be another URI, for any method but REGISTER: %s, %s', (requestUri, digestUri) => {
    for (const method of ['INVITE', ...otherMethods]) expect(fits(method, requestUri, digestUri), method).toBe(false)
  })
})

describe('RFC 7616 §3.4.6: the digest URI of a registration', () => {
  it.each<Pair>([
    ['sip:hotdesk.example:5060;transport=tcp', 'sip:hotdesk.example'],
    ['sip:192.0.2.10:5060', 'sip:hotdesk.example'],
    ['sip:hotdesk.example', 'sip:HD0001@hotdesk.example'],
    ['sip:HD0001@hotdesk.example', 'sip:hotdesk.example'],
    // A name of this network that only the phone knows.
    ['sip:pbx.public.example', 'sip:pbx.public.example'],
  ])('names the same server: %s, %s', (requestUri, digestUri) => {
    expect(fits('REGISTER', requestUri, digestUri)).toBe(true)
  })

  it.each<Pair>([
    ['sip:hotdesk.example', 'sip:hold@elsewhere.example'],
    ['sip:hotdesk.example', 'sip:elsewhere.example'],
    ['sip:pbx.public.example', 'sip:hotdesk.example'],
    ['sip:hotdesk.example', 'tel:+33123'],
  ])('must not name another one: %s, %s', (requestUri, digestUri) => {
    expect(fits('REGISTER', requestUri, digestUri)).toBe(false)
  })
})

describe('credentials made for another URI', () => {
  const laundered = { uri: 'sip:hold@elsewhere.example' }
  const refused = (): Promise<number> =>
    Promise.resolve(bench.deliver({ headers: { Authorization: bench.credentials(laundered), Contact: '<sip:HD0001@203.0.113.9>' } }).status)

  it('are refused with 400 for REGISTER, and nothing is registered', async () => {
    expect(await refused()).toBe(400)
    expect(bench.registrar.bindingsOf(HD0001)).toEqual([])
  })

  it.each(['INVITE', ...otherMethods])('are refused with 400 for %s, whether the host is another one or the number alone', (method) => {
    for (const uri of [laundered.uri, 'sip:hold@hotdesk.example']) {
      const headers = { From: `<sip:HD0001@${realm}>`, 'Proxy-Authorization': bench.credentials({ uri, method }) }
      const { request, answer } = incoming({ method, uri: 'sip:0123@hotdesk.example', headers })
      expect(bench.registrar.authenticate(request)).toEqual({ outcome: 'refused' })
      expect(answer().status).toBe(400)
    }
  })

  it('prove nothing if the caller is not refused', () => {
    const headers = { From: `<sip:HD0001@${realm}>`, 'Proxy-Authorization': bench.credentials({ ...laundered, method: 'INVITE' }) }
    const { request } = incoming({ method: 'INVITE', uri: 'sip:112@hotdesk.example', headers })
    expect([bench.registrar.recognise(request), request.responded]).toEqual([{ outcome: 'unproven', claimed: HD0001 }, false])
  })

  it.each(['HD0001', `HD0001@${realm}`])(
    'still show which phone may be making the emergency call if its number is hidden, as %s',
    (username) => {
      const headers = {
        From: '<sip:anonymous@anonymous.invalid>;tag=1',
        'Proxy-Authorization': bench.credentials({ ...laundered, method: 'INVITE', username }),
      }
      const { request } = incoming({ method: 'INVITE', uri: 'sip:112@hotdesk.example', headers })
      expect(bench.registrar.claimedDevice(request)).toBe(HD0001)
    },
  )

  it('show this phone, whichever device the credentials for another realm name', async () => {
    await seedDevices(store, [HD0002])
    const foreign = 'Digest username="HD0002", realm="proxy.example", nonce="1", uri="sip:112@proxy.example", response="1"'
    const ours = bench.credentials({ method: 'INVITE', uri: 'sip:112@hotdesk.example' })
    const headers = { From: '<sip:anonymous@anonymous.invalid>;tag=1', 'Proxy-Authorization': `${foreign}, ${ours}` }
    const { request } = incoming({ method: 'INVITE', uri: 'sip:112@hotdesk.example', headers })
    expect([bench.registrar.claimedDevice(request), bench.registrar.authenticate(request)]).toMatchObject([HD0001, { device: HD0001 }])
  })

  it('are challenged as usual if the password is wrong too: the response reveals nothing', () => {
    const headers = { Authorization: bench.credentials({ ...laundered, password: 'guess' }) }
    expect(bench.deliver({ headers }).status).toBe(401)
  })
})

describe('RFC 3261 §10.3 step 5: the domain of the address-of-record', () => {
  const fetched = (to: string, uri = `sip:${realm}`): number => bench.register({ To: `<sip:HD0001@${to}>` }, { uri }).status
  const contact = '<sip:HD0001@203.0.113.9>'

  it('is the domain or an address of the network', () => {
    const domains = ['hotdesk.example', 'HOTDESK.example', 'hotdesk.example.', '192.0.2.10:5060']
    expect(domains.map((to) => fetched(to))).toEqual([200, 200, 200, 200])
  })

  it('of another network gets 404', () => {
    expect(bench.register({ To: '<sip:HD0001@elsewhere.example>', Contact: contact }).status).toBe(404)
    expect(bench.registrar.bindingsOf(HD0001)).toEqual([])
  })

  it('may be a name that only the phone knows, if it is the one that the request was sent to', () => {
    expect([fetched('pbx.public.example', 'sip:pbx.public.example'), fetched('pbx.public.example', 'sip:other.example')]).toEqual([
      200, 404,
    ])
  })

  it('may not be such a name if the operator has listed the aliases', async () => {
    const strict = createBench(store, { aliases: ['pbx.example'] })
    const status = (to: string): number => strict.register({ To: `<sip:HD0001@${to}>` }, { uri: `sip:${to}` }).status
    expect([status('pbx.example'), status(realm), status('pbx.public.example')]).toEqual([200, 200, 404])
    await strict.close()
  })

  it('may not be such a name, even if it was learned before the operator listed the aliases', async () => {
    const written = keyOf(store, 'reg:HD0001', (record) => record !== undefined)
    bench.register({ To: '<sip:HD0001@pbx.public.example>', Contact: contact }, { uri: 'sip:pbx.public.example' })
    await written
    const call = incoming({ method: 'INVITE', uri: 'sip:0123@pbx.public.example' }).request
    const restarted = createBench(store, { aliases: ['pbx.example'] })
    expect([bench.registrar.isCalled(call, HD0001), restarted.registrar.isCalled(call, HD0001)]).toEqual([true, false])
    await restarted.close()
    const gone = keyOf(store, 'reg:HD0001', (record) => record === undefined)
    bench.register({ Contact: '*', Expires: '0' })
    await gone
  })

  it('shows the name that the phone uses for this network: a call to another domain is not for this network', () => {
    const isCalled = (uri: string): boolean => bench.registrar.isCalled(incoming({ method: 'INVITE', uri }).request, HD0001)
    bench.register({ To: '<sip:HD0001@pbx.public.example>', Contact: contact }, { uri: 'sip:pbx.public.example' })
    const uris = [
      'sip:0123@pbx.public.example',
      'sip:0123@hotdesk.example',
      'sip:0123@192.0.2.10',
      'tel:0123',
      'sip:0123@elsewhere.example',
    ]
    expect(uris.map(isCalled)).toEqual([true, true, true, true, false])
  })
})
