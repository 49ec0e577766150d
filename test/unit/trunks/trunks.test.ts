import { describe, expect, it } from 'vitest'
import type { Trunk } from '../../../src/dialplan/dialplan.js'
import type { Party } from '../../../src/sip/identity/party.js'
import { all, type Bench, dialplan, open, planOf, trunkNamed } from '../../support/sip/trunk-bench.js'

const order = ({ trunks }: Bench): readonly string[] => trunks.order(all).map(({ name }) => name)
const [first, second, third] = ['first', 'second', 'third'].map(trunkNamed)
if (!first || !second || !third) throw new Error('three trunks are needed')

/** Answers that are promised are taken in. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

describe('the order of the trunks', () => {
  it('is the one of the dial plan while all work', () => {
    expect(order(open())).toEqual(['first', 'second', 'third'])
  })

  it('puts a trunk that failed last, for half a minute', () => {
    const bench = open()
    bench.trunks.begin(first).failed(503)
    expect(order(bench)).toEqual(['second', 'third', 'first'])
    bench.clock.advance(29_999)
    expect(order(bench)).toEqual(['second', 'third', 'first'])
    bench.clock.advance(1)
    expect(order(bench)).toEqual(['first', 'second', 'third'])
  })

  it('never leaves a trunk out: when all are down, the one that has been down longest is tried first', () => {
    const bench = open()
    for (const trunk of [second, first, third]) {
      bench.trunks.begin(trunk).timedOut()
      bench.clock.advance(1_000)
    }
    expect(order(bench)).toEqual(['second', 'first', 'third'])
  })

  it('puts a trunk that fails repeatedly last for longer each time, five minutes at most', () => {
    const bench = open()
    const downFor: number[] = []
    for (let i = 0; i < 6; i++) {
      bench.trunks.begin(first).failed(503)
      let seconds = 0
      for (; order(bench)[0] !== 'first'; seconds++) bench.clock.advance(1_000)
      downFor.push(seconds)
    }
    expect(downFor).toEqual([30, 60, 120, 240, 300, 300])
  })

  it('puts a trunk that responds to a call back in its position at once', () => {
    const bench = open()
    bench.trunks.begin(first).failed(503)
    bench.trunks.begin(first).responded()
    expect(order(bench)).toEqual(['first', 'second', 'third'])
  })

  it('counts requests that were in flight together and failed together as one failure', () => {
    const bench = open()
    const inquiries = [1, 2, 3].map(() => bench.trunks.begin(first))
    bench.clock.advance(5_000)
    for (const inquiry of inquiries) inquiry.timedOut()
    bench.clock.advance(30_000)
    expect(order(bench)).toEqual(['first', 'second', 'third'])
  })

  it('does not call a trunk silent that has answered another request meanwhile', () => {
    const bench = open()
    const old = bench.trunks.begin(first)
    bench.clock.advance(1_000)
    bench.trunks.begin(first).responded()
    bench.clock.advance(1_000)
    old.timedOut()
    expect(order(bench)).toEqual(['first', 'second', 'third'])
    old.failed(503)
    expect(order(bench)).toEqual(['second', 'third', 'first'])
  })

  it('that is passed over while silent is last until it responds, also to that call', () => {
    const bench = open()
    const slow = bench.trunks.begin(first)
    slow.passedOver()
    expect(order(bench)).toEqual(['second', 'third', 'first'])
    slow.responded()
    expect(order(bench)).toEqual(['first', 'second', 'third'])
    // It has answered a later call by then.
    const old = bench.trunks.begin(first)
    bench.trunks.begin(first).responded()
    old.passedOver()
    expect(order(bench)).toEqual(['first', 'second', 'third'])
  })

  it('is in the warnings of /readyz: those that are down, and whether one is left for emergency calls', () => {
    const bench = open()
    expect(bench.trunks.warnings()).toEqual([])
    const inquiry = bench.trunks.begin(second)
    inquiry.failed(503)
    expect(bench.trunks.warnings()).toEqual(['trunk second is down; emergency calls have the others'])
    for (const trunk of [first, third]) bench.trunks.begin(trunk).failed(503)
    expect(bench.trunks.warnings()).toEqual(['no trunk for emergency calls: first, second, third down'])
    bench.trunks.begin(third).responded()
    expect(bench.trunks.warnings()).toEqual([
      'trunk first is down; emergency calls have the others',
      'trunk second is down; emergency calls have the others',
    ])
  })

  it('can be seen in a metric', async () => {
    const bench = open()
    bench.trunks.begin(second).failed(503)
    const { values } = await bench.metrics.trunkUp.get()
    expect(values.map(({ labels, value }) => [labels.trunk, value])).toEqual([
      ['first', 1],
      ['second', 0],
      ['third', 1],
    ])
  })
})

describe('OPTIONS requests', () => {
  it('are sent to the trunks that want them, at their interval, and none after close', async () => {
    const { clock, pings, trunks } = open()
    for (let i = 0; i < 3; i++) {
      clock.advance(30_000)
      await settled()
    }
    expect(pings).toEqual(Array(3).fill('sip:192.0.2.20:5060;transport=udp'))
    await trunks.close()
    clock.advance(60_000)
    await settled()
    expect([pings.length, clock.pending]).toEqual([3, 0])
  })

  it.each<[string, (number | 'link')[], string[]]>([
    ['404 shows that the trunk is alive', [404], ['first', 'second', 'third']],
    ['silence of a trunk that has responded before shows that it is down', [200, 408], ['second', 'third', 'first']],
    ['503 of a trunk that has responded before shows the same', [405, 503], ['second', 'third', 'first']],
    ['silence of a trunk that never responds to OPTIONS shows nothing', [408, 408], ['first', 'second', 'third']],
    ['a response after silence brings the trunk back', [200, 408, 200], ['first', 'second', 'third']],
    ['503 while our own SIP server is lost shows nothing', [200, 'link'], ['first', 'second', 'third']],
    ['503 while our own SIP server is lost does not bring the trunk back', [200, 408, 408, 'link'], ['second', 'third', 'first']],
  ])('%s', async (_, statuses, expected) => {
    const bench = open(statuses)
    for (let i = 0; i < statuses.length; i++) {
      bench.clock.advance(30_000)
      await settled()
    }
    expect(order(bench)).toEqual(expected)
  })
})

describe('a request comes from a trunk', () => {
  const from = (address: string, port = 5060): string | undefined =>
    open().trunks.trunkOf({ uri: 'sip:1@192.0.2.10', source: { protocol: 'udp', address, port } })?.name

  it.each([
    ['192.0.2.20', 'first'],
    ['::ffff:192.0.2.20', 'first'],
    ['2001:db8::20', 'first'],
    ['2001:0DB8:0:0:0:0:0:20', 'first'],
    ['198.51.100.7', 'second'],
    ['192.0.2.21', undefined],
    ['203.0.113.9', undefined],
    ['::1', undefined],
  ])('%s: %s', (address, name) => {
    expect(from(address, 40_000)).toBe(name)
  })

  it('on the machine itself, where all have one address, by the port as well', () => {
    expect([from('127.0.0.1', 5099), from('127.0.0.1', 5060)]).toEqual(['third', undefined])
  })
})

describe('a reload of the dial plan', () => {
  const withoutSecond = (text: string) => text.replace(/ {2}second:[\s\S]*? {2}third:/, '  third:').replace('first, second', 'first')
  const gauges = async ({ metrics }: Bench) => (await metrics.trunkUp.get()).values.map(({ labels, value }) => [labels.trunk, value])

  it('keeps the state of a trunk that did not change', async () => {
    const bench = open()
    bench.trunks.begin(first).failed(503)
    bench.plan.replace(planOf(withoutSecond))
    expect(bench.trunks.order(bench.plan.current.trunks).map(({ name }) => name)).toEqual(['third', 'first'])
    expect(await gauges(bench)).toEqual([
      ['first', 0],
      ['third', 1],
    ])
  })

  it('takes a trunk whose password changed for a new one', async () => {
    const bench = open()
    bench.trunks.begin(first).failed(401)
    bench.plan.replace(planOf((text) => text.replace('carrier-secret', 'another-secret')))
    expect(bench.trunks.order(bench.plan.current.trunks).map(({ name }) => name)).toEqual(['first', 'second', 'third'])
    expect(new Map((await gauges(bench)) as [string, number][]).get('first')).toBe(1)
  })

  it('changes where the calls of trunks come from', () => {
    const { trunks, plan } = open()
    const from = (address: string) => trunks.trunkOf({ uri: 'sip:1@192.0.2.10', source: { address, port: 5060, protocol: 'udp' } })?.name
    expect([from('198.51.100.7'), from('192.0.2.20')]).toEqual(['second', 'first'])
    plan.replace(planOf(withoutSecond))
    expect([from('198.51.100.7'), from('192.0.2.20')]).toEqual([undefined, 'first'])
  })

  it('ends the OPTIONS to a trunk that was removed, and begins those to one that was added', async () => {
    const { plan, pings, clock } = open()
    const withPing = (text: string) => withoutSecond(text).replace('ping: 30', '').replace('127.0.0.1:5099', '127.0.0.1:5099\n    ping: 30')
    plan.replace(planOf(withPing))
    clock.advance(30_000)
    await settled()
    expect(new Set(pings)).toEqual(new Set(['sip:127.0.0.1:5099']))
  })

  it('shows nothing of a removed trunk, although a call in progress still uses it', async () => {
    const bench = open()
    const request = bench.trunks.begin(second)
    bench.plan.replace(planOf(withoutSecond))
    request.failed(503)
    expect((await gauges(bench)).map(([name]) => name)).toEqual(['first', 'third'])
  })
})

describe('a call to a trunk', () => {
  const { trunks } = open()
  const outgoing = (trunk: Trunk, number: string, party: Party) => trunks.outgoing(trunk, number, party, dialplan)
  const alice = { name: 'Alice "Al" Meyer', number: '100', isPrivate: false, isAsserted: true }

  it('goes to the number at the trunk, with its parameters and our credentials', () => {
    const { uri, parts } = outgoing(first, '+33612345678', alice)
    expect(uri).toBe('sip:+33612345678@192.0.2.20:5060;transport=udp')
    expect([parts.credentials?.username, parts.credentials?.password.reveal()]).toEqual(['paris', 'carrier-secret'])
    expect(outgoing(second, '*31#', alice)).toMatchObject({ uri: 'sip:*31%23@carrier.example;transport=tcp' })
    expect(outgoing(second, '1', alice).parts.credentials).toBeUndefined()
  })

  it('shows the direct number of the extension, at the host of the trunk', () => {
    const shown = '"Alice \\"Al\\" Meyer" <sip:+33199000100@192.0.2.20>'
    expect(outgoing(first, '1', alice).parts.headers).toEqual({ From: shown, 'P-Asserted-Identity': shown })
  })

  it.each([
    ['a number that was chosen', '+33144556677', '+33144556677'],
    ['a number without +', '0144556677', '0144556677'],
    ['the number of the trunk for a device', 'HD0001', '+33199000000'],
  ])('shows %s', (_, number, shown) => {
    expect(outgoing(first, '1', { name: '', number, isPrivate: false, isAsserted: true }).parts.headers).toMatchObject({
      From: `<sip:${shown}@192.0.2.20>`,
    })
  })

  it('shows no caller if the trunk has no number either', () => {
    expect(outgoing(second, '1', { name: 'Desk', number: 'HD0001', isPrivate: false, isAsserted: true }).parts.headers).toEqual({
      From: '"Anonymous" <sip:anonymous@anonymous.invalid>',
    })
  })

  it('RFC 3323 §4.1.1.3, RFC 3325 §7: only a trunk with full trust learns the number of an anonymous caller', () => {
    const hidden = { From: '"Anonymous" <sip:anonymous@anonymous.invalid>', Privacy: 'id' }
    expect(outgoing(first, '1', { ...alice, isPrivate: true }).parts.headers).toEqual(hidden)
    expect(outgoing({ ...first, trust: 'none' }, '1', { ...alice, isPrivate: true }).parts.headers).toEqual(hidden)
    expect(outgoing({ ...first, trust: 'full' }, '1', { ...alice, isPrivate: true }).parts.headers).toEqual({
      ...hidden,
      'P-Asserted-Identity': '"Alice \\"Al\\" Meyer" <sip:+33199000100@192.0.2.20>',
    })
  })
})
