import { beforeEach, describe, expect, it } from 'vitest'
import { reachOf } from '../../../src/registrar/registrar.js'
import type { SipSource } from '../../../src/srf/srf.js'
import type { Store } from '../../../src/store/store.js'
import { keyOf } from '../../support/redis/redis-store.js'
import { useSeededStore } from '../../support/redis/seeded-store.js'
import { type Bench, createBench, HD0001, incoming } from '../../support/sip/registrar-bench.js'

const seeded = useSeededStore()
let store: Store
beforeEach(() => {
  store = seeded.store
})

const from = (port: number, protocol: SipSource['protocol'] = 'udp'): SipSource => ({ protocol, address: '203.0.113.9', port })
const hopsOf = (bench: Bench): readonly string[] => bench.registrar.bindingsOf(HD0001).map((binding) => reachOf(binding).via)

describe('the Path of a registration (RFC 3327 §5.3)', () => {
  const path = '<sip:sbc.example;lr;received=sip:198.51.100.7:5062%3btransport%3dudp>, <sip:token@198.51.100.1;lr;ob>'
  const contact = '<sip:HD0001@192.168.1.20:5060>;+sip.instance="<urn:uuid:1>";reg-id=1;expires=600'

  it('is stored, returned to a phone that supports it, and is the Route of requests to the phone', async () => {
    const bench = createBench(store)
    const answer = bench.register({ Contact: contact, Path: path, Supported: 'path, outbound' }, { callId: 'path-1' })
    expect(answer.lines('Path')).toEqual([path])
    const [binding] = bench.registrar.bindingsOf(HD0001)
    expect(binding && reachOf(binding)).toEqual({
      via: 'sip:sbc.example;hotdesk-flow=192.0.2.10:5060',
      headers: { Route: path },
    })
    await keyOf(store, 'reg:HD0001', (record) => record?.get('path') === path)
    await bench.close()
  })

  it('is stored for a phone that does not support it, and not returned', async () => {
    const bench = createBench(store)
    expect(bench.register({ Contact: contact, Path: path }).lines('Path')).toEqual([])
    expect(bench.registrar.bindingsOf(HD0001).map((binding) => binding.path)).toEqual([path])
    await bench.close()
  })

  it('may be required (RFC 3327 §4)', async () => {
    const bench = createBench(store)
    expect(bench.register({ Contact: contact, Path: path, Require: 'path' }).status).toBe(200)
    expect(bench.register({ Contact: contact, Require: 'path, gruu' }).lines('Unsupported')).toEqual(['gruu'])
    await bench.close()
  })

  it('is deleted when the phone registers directly', async () => {
    const bench = createBench(store)
    bench.register({ Contact: contact, Path: path }, { callId: 'sbc' })
    bench.register({ Contact: contact }, { callId: 'direct' })
    expect(hopsOf(bench)).toEqual(['sip:203.0.113.9:40312;transport=udp;hotdesk-flow=192.0.2.10:5060'])
    await bench.close()
  })

  it('survives a restart of the node', async () => {
    const before = createBench(store)
    before.register({ Contact: contact, Path: path })
    await before.close()
    await keyOf(store, 'reg:HD0001', (record) => record?.get('path') === path)
    const after = createBench(store)
    expect(hopsOf(after)).toEqual(['sip:sbc.example;hotdesk-flow=192.0.2.10:5060'])
    await after.close()
  })

  it.each([
    ['with a proxy over WebSocket: its connection', '<sip:10.0.0.1;transport=ws;lr>', 'sip:203.0.113.9:40312;transport=udp'],
    ['without brackets: as if it had them', 'sip:10.0.0.1:5070;transport=tcp;lr', 'sip:10.0.0.1:5070;transport=tcp'],
  ])('%s', async (_title, given, hop) => {
    const bench = createBench(store)
    bench.register({ Contact: contact, Path: given })
    expect(hopsOf(bench)).toEqual([`${hop};hotdesk-flow=192.0.2.10:5060`])
    await bench.close()
  })

  it.each([
    ['is not a SIP URI', '<tel:+33199>'],
    ['could break the admin wire', '<sip:a|b@10.0.0.1;lr>'],
    ['is longer than any', `<sip:${'a'.repeat(2_100)}@10.0.0.1;lr>`],
    ['names more proxies than any', Array(9).fill('<sip:10.0.0.1;lr>').join(', ')],
  ])('is refused with 400 where it %s', async (_title, given) => {
    const bench = createBench(store)
    expect(bench.register({ Contact: contact, Path: given }, { callId: 'bad' }).status).toBe(400)
    await bench.close()
  })

  it('does not show who calls, because all phones behind the proxy share its flow', async () => {
    const bench = createBench(store)
    const call = { method: 'INVITE', uri: 'sip:112@hotdesk.example', headers: { From: '<sip:HD0001@hotdesk.example>;tag=1' } }
    bench.register({ Contact: contact, Via: 'SIP/2.0/UDP 192.168.1.20:5060;branch=z9hG4bKa' })
    expect(bench.registrar.recognise(incoming(call).request)).toMatchObject({ outcome: 'proven', by: 'flow' })
    bench.register({
      Contact: contact,
      Path: path,
      Via: 'SIP/2.0/UDP sbc.example;branch=z9hG4bKb, SIP/2.0/UDP 192.168.1.20;branch=z9hG4bKa',
    })
    expect(bench.registrar.recognise(incoming(call).request).outcome).not.toBe('proven')
    await bench.close()
  })
})

describe('password guesses through a proxy', () => {
  it('are held back, because the flow of the proxy is not the phone’s own', async () => {
    const bench = createBench(store)
    const via = (count: number) => Array.from({ length: count }, (_, i) => `SIP/2.0/UDP 192.168.1.${i + 1};branch=z9hG4bK${i}`).join(', ')
    const contact = { Contact: '<sip:HD0001@192.168.1.20:5060>' }
    /** What a right password gets after twenty wrong ones in a row. */
    const afterGuesses = (vias: number): number => {
      bench.register({ ...contact, Via: via(vias) }, { callId: 'the phone' })
      for (let count = 1; count <= 20; count++) {
        bench.deliver({ callId: `guess-${vias}-${count}`, headers: { Authorization: bench.credentials({ password: `wrong ${count}` }) } })
      }
      return bench.register(contact, { callId: `lucky-${vias}` }).status
    }
    expect(afterGuesses(1)).toBe(200)
    expect(afterGuesses(2)).toBe(401)
    // The Call-ID of its registration is the phone's own.
    expect(bench.register(contact, { callId: 'the phone' }).status).toBe(200)
    await bench.close()
  })
})

describe('a contact above the limit', () => {
  const softphone = { 'User-Agent': 'Softphone 1' }

  /** Registers from a new port, without `+sip.instance` and with a Call-ID of its own. */
  function restart(bench: Bench, port: number, headers: Readonly<Record<string, string>> = softphone): number {
    bench.clock.advance(1_000)
    return bench.register(
      { Contact: `<sip:HD0001@203.0.113.9:${port}>;expires=3600`, ...headers },
      { callId: `call-${port}`, source: from(port) },
    ).status
  }
  const ports = (bench: Bench): readonly number[] =>
    bench.registrar
      .bindingsOf(HD0001)
      .map(({ contact }) => Number(contact.split(':').at(-1)))
      .sort((one, other) => one - other)

  it('replaces another one: a phone that restarts every few minutes is never refused', async () => {
    const bench = createBench(store)
    for (let port = 5001; port <= 5020; port++) expect(restart(bench, port)).toBe(200)
    expect(ports(bench)).toEqual([5013, 5014, 5015, 5016, 5017, 5018, 5019, 5020])
    await bench.close()
  })

  it('replaces one with the same User-Agent, not another phone of the user', async () => {
    const bench = createBench(store)
    restart(bench, 4999, { 'User-Agent': 'Desk phone' })
    for (let port = 5001; port <= 5020; port++) restart(bench, port)
    expect(ports(bench)).toContain(4999)
    expect(ports(bench)).toHaveLength(8)
    await bench.close()
  })

  it('replaces one whose connection is closed before an older one', async () => {
    let gone: (flow: string) => void = () => undefined
    const bench = createBench(store, {
      onFlowGone(listener) {
        gone = listener
        return () => undefined
      },
    })
    for (let port = 5001; port <= 5008; port++) {
      bench.clock.advance(1_000)
      const parts = { callId: `call-${port}`, source: from(port, 'tcp') }
      bench.register({ Contact: `<sip:HD0001@203.0.113.9:${port};transport=tcp>`, ...softphone }, parts)
    }
    gone('tcp 203.0.113.9:5006')
    restart(bench, 5009)
    expect(bench.registrar.bindingsOf(HD0001).map(({ flow }) => flow)).not.toContain('sip:203.0.113.9:5006;transport=tcp')
    expect(bench.registrar.bindingsOf(HD0001)).toHaveLength(8)
    await bench.close()
  })

  it('replaces one with the same instance and another reg-id first (RFC 5626 §4.2)', async () => {
    const bench = createBench(store)
    const agent = (name: string) => ({ 'User-Agent': name })
    for (let port = 5001; port <= 5007; port++) restart(bench, port, agent(`Phone ${port}`))
    const flow = (id: number) =>
      bench.register(
        { Contact: `<sip:HD0001@203.0.113.9:${5100 + id}>;+sip.instance="<urn:uuid:7>";reg-id=${id}`, ...agent(`New ${id}`) },
        { callId: `flow-${id}`, source: from(5100 + id) },
      )
    flow(1)
    bench.clock.advance(1_000)
    flow(2)
    expect(ports(bench)).toEqual([5001, 5002, 5003, 5004, 5005, 5006, 5007, 5102])
    await bench.close()
  })

  it('in one REGISTER with too many contacts: the last ones are kept', async () => {
    const bench = createBench(store)
    const contacts = Array.from({ length: 12 }, (_, i) => `<sip:HD0001@203.0.113.9:${6001 + i}>`)
    expect(bench.register({ Contact: contacts.join(', '), ...softphone }).status).toBe(200)
    expect(bench.registrar.bindingsOf(HD0001)).toHaveLength(8)
    await bench.close()
  })
})

describe('a phone in its dialog (RFC 5626 §5.3)', () => {
  const hop = (port: number, protocol = 'udp', local = '192.0.2.10:5060') =>
    `sip:203.0.113.9:${port};transport=${protocol};hotdesk-flow${local === '' ? '' : `=${local}`}`
  const invite = (source: SipSource) => incoming({ method: 'INVITE', source }).request
  const hidden = '<sip:HD0001@192.168.1.20:5060>'

  it('is at the source of its INVITE, registered or not', async () => {
    const bench = createBench(store)
    expect(bench.registrar.followCaller(HD0001, invite(from(40_001)))?.hop()).toBe(hop(40_001))
    await bench.close()
  })

  it('is at its latest registration, because NAT has given it another port', async () => {
    const bench = createBench(store)
    bench.register({ Contact: hidden }, { callId: 'reg', source: from(40_001) })
    const followed = bench.registrar.followCaller(HD0001, invite(from(40_001)))
    expect(followed?.hop()).toBe(hop(40_001))
    bench.clock.advance(1_000)
    bench.register({ Contact: hidden }, { callId: 'reg', source: from(40_002) })
    expect(followed?.hop()).toBe(hop(40_002))
    await bench.close()
  })

  it('is at its latest registration with another Contact and the same Call-ID, although the old contact has not expired', async () => {
    const bench = createBench(store)
    const register = (port: number) =>
      bench.register({ Contact: `<sip:HD0001@203.0.113.9:${port}>` }, { callId: 'one phone', source: from(port) })
    register(40_011)
    const [binding] = bench.registrar.bindingsOf(HD0001).filter(({ flow }) => flow.includes('40011'))
    const followed = binding && bench.registrar.follow(binding)
    bench.clock.advance(1_000)
    register(40_012)
    expect(followed?.hop()).toBe(hop(40_012))
    await bench.close()
  })

  it('does not move when another phone registers as the same device', async () => {
    const bench = createBench(store)
    bench.register({ Contact: '<sip:HD0001@203.0.113.9:40021>' }, { callId: 'one', source: from(40_021) })
    const followed = bench.registrar.followCaller(HD0001, invite(from(40_021)))
    bench.clock.advance(1_000)
    bench.register({ Contact: '<sip:HD0001@203.0.113.9:40022>' }, { callId: 'other', source: from(40_022) })
    expect(followed?.hop()).toBe(hop(40_021))
    await bench.close()
  })

  it('is at the source of its latest request in the dialog', async () => {
    const bench = createBench(store)
    bench.register({ Contact: hidden }, { callId: 'reg', source: from(40_031) })
    const followed = bench.registrar.followCaller(HD0001, invite(from(40_031)))
    bench.clock.advance(1_000)
    followed?.heard(from(40_032))
    expect(followed?.hop()).toBe(hop(40_032))
    await bench.close()
  })

  it('is at its newest flow when its connection is closed, however it registered there', async () => {
    let gone: (flow: string) => void = () => undefined
    const onFlowGone = (listener: (flow: string) => void) => {
      gone = listener
      return () => undefined
    }
    const bench = createBench(store, { onFlowGone })
    const register = (port: number) =>
      bench.register({ Contact: `<sip:HD0001@203.0.113.9:${port};transport=tls>` }, { callId: `c-${port}`, source: from(port, 'tls') })
    register(40_041)
    const followed = bench.registrar.followCaller(HD0001, invite(from(40_041, 'tls')))
    bench.clock.advance(1_000)
    register(40_042)
    expect(followed?.hop()).toBe(hop(40_041, 'tls'))
    gone('tls 203.0.113.9:40041')
    expect(followed?.hop()).toBe(hop(40_042, 'tls'))
    await bench.close()
  })

  it('is not followed behind a proxy through which it has not registered', async () => {
    const bench = createBench(store)
    const headers = { Via: 'SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKb, SIP/2.0/UDP 192.168.1.20;branch=z9hG4bKa' }
    const request = incoming({ method: 'INVITE', headers, source: { protocol: 'udp', address: '198.51.100.1', port: 5060 } }).request
    expect(bench.registrar.followCaller(HD0001, request)).toBeNull()
    await bench.close()
  })
})
