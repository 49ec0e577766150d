import type { NaptrRecord, SrvRecord } from 'node:dns'
import { describe, expect, test } from 'vitest'
import { type Protocol, protocols } from '../../../src/base/listen-address.js'
import { createDnsNames, type Dns } from '../../../src/sipd/transport/locate/dns-names.js'
import { inOrder, type NameTarget } from '../../../src/sipd/transport/locate/names.js'
import { createNextHops, type NextHops } from '../../../src/sipd/transport/locate/next-hop.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'

interface Zone {
  readonly naptr?: Readonly<Record<string, readonly Partial<NaptrRecord>[]>>
  readonly srv?: Readonly<Record<string, readonly SrvRecord[]>>
  readonly addresses?: Readonly<Record<string, readonly string[]>>
}

interface Located {
  readonly hops: NextHops
  readonly clock: ManualClock
  /** Each DNS query, in order. */
  readonly asked: readonly string[]
}

function locating(zone: Zone, offered: readonly Protocol[] = ['udp', 'tcp', 'tls']): Located {
  const asked: string[] = []
  const note = <Answer>(kind: string, name: string, answer: Answer): Promise<Answer> => {
    asked.push(`${kind} ${name}`)
    return Promise.resolve(answer)
  }
  const dns: Dns = {
    naptr: (name) =>
      note(
        'NAPTR',
        name,
        (zone.naptr?.[name] ?? []).map((record) => ({
          flags: 's',
          service: '',
          regexp: '',
          replacement: '',
          order: 1,
          preference: 1,
          ...record,
        })),
      ),
    srv: (name) => note('SRV', name, zone.srv?.[name] ?? []),
    addresses: (name) => note('A', name, zone.addresses?.[name] ?? []),
  }
  const clock = createManualClock()
  const us = { address: '192.0.2.1', port: 5060 }
  const hops = createNextHops({
    names: createDnsNames({ dns, offered: new Set(offered) }),
    transports: {
      offers: (protocol) => offered.includes(protocol),
      hopTo: (protocol, remote) => (offered.includes(protocol) ? { protocol, remote, local: us, advertised: us } : null),
    },
    clock,
    random: () => 0,
  })
  return { hops, clock, asked }
}

async function found({ hops }: Located, uri: string): Promise<readonly string[]> {
  return (await hops.find(uri)).map(({ protocol, remote: { address, port } }) => `${protocol} ${address} ${port}`)
}

const srv = (name: string, port: number, priority = 0, weight = 0): SrvRecord => ({ name, port, priority, weight })

describe('RFC 3263 §4.1: selecting a transport', () => {
  test.each([
    ['sip:192.0.2.7', 'udp 192.0.2.7 5060'],
    ['sip:192.0.2.7:5080', 'udp 192.0.2.7 5080'],
    ['sip:100@192.0.2.7;transport=tcp', 'tcp 192.0.2.7 5060'],
    ['sip:100@192.0.2.7;transport=TCP', 'tcp 192.0.2.7 5060'],
    ['sips:100@192.0.2.7', 'tls 192.0.2.7 5061'],
    ['sips:100@192.0.2.7;transport=tcp', 'tls 192.0.2.7 5061'],
    ['sip:[2001:db8::7]:5070', 'udp 2001:db8::7 5070'],
    ['sip:100@example.com;maddr=192.0.2.9', 'udp 192.0.2.9 5060'],
    ['sip:100@example.com;maddr=[2001:db8::9];transport=tls', 'tls 2001:db8::9 5061'],
  ])('%s needs no DNS', async (uri, hop) => {
    const located = locating({})
    expect(located.hops.findNow(uri)).not.toBeNull()
    expect(await found(located, uri)).toEqual([hop])
    expect(located.asked).toEqual([])
  })

  test('if UDP is not offered here, a numeric host is reached by a transport that is', async () => {
    expect(await found(locating({}, ['tcp']), 'sip:192.0.2.7')).toEqual(['tcp 192.0.2.7 5060'])
  })

  test.each(['sip:192.0.2.7;transport=ws', 'sip:192.0.2.7;transport=sctp', 'sips:192.0.2.7;transport=udp'])(
    '%s is refused: this transport is not offered',
    async (uri) => {
      await expect(found(locating({}), uri)).rejects.toMatchObject({
        code: 'SIP_SEND_FAILED',
        message: 'requested protocol/transport not available',
      })
    },
  )

  test.each(['tel:+4930123', 'http://example.com', 'sip:bad uri'])('%s is not a SIP URI', async (uri) => {
    await expect(found(locating({}), uri)).rejects.toMatchObject({ code: 'SIP_SEND_FAILED' })
  })

  test('NAPTR records decide by order and preference, without the records of protocols that are not offered', async () => {
    const located = locating(
      {
        naptr: {
          'example.com': [
            { order: 50, preference: 50, service: 'SIPS+D2T', replacement: '_sips._tcp.example.com' },
            { order: 90, preference: 50, service: 'SIP+D2T', replacement: '_sip._tcp.example.com' },
            { order: 90, preference: 10, service: 'SIP+D2U', replacement: '_sip._udp.example.com' },
          ],
        },
        srv: { '_sip._tcp.example.com': [srv('t', 5070)], '_sip._udp.example.com': [srv('u', 5080)] },
        addresses: { t: ['192.0.2.2'], u: ['192.0.2.3'] },
      },
      ['udp', 'tcp'],
    )
    expect(await found(located, 'sip:example.com')).toEqual(['udp 192.0.2.3 5080', 'tcp 192.0.2.2 5070'])
    expect(located.asked).not.toContain('SRV _sips._tcp.example.com')
  })

  test('NAPTR records: the order comes before the preference', async () => {
    const located = locating({
      naptr: {
        'example.com': [
          { order: 90, preference: 10, service: 'SIP+D2T', replacement: '_sip._tcp.example.com' },
          { order: 50, preference: 90, service: 'SIP+D2U', replacement: '_sip._udp.example.com' },
        ],
      },
      srv: { '_sip._tcp.example.com': [srv('t', 5070)], '_sip._udp.example.com': [srv('u', 5080)] },
      addresses: { t: ['192.0.2.2'], u: ['192.0.2.3'] },
    })
    expect(await found(located, 'sip:example.com')).toEqual(['udp 192.0.2.3 5080', 'tcp 192.0.2.2 5070'])
  })

  test('NAPTR records: all targets of one service come before those of the next, whatever their priorities', async () => {
    const located = locating({
      naptr: {
        'example.com': [
          { order: 1, service: 'SIP+D2U', replacement: '_sip._udp.example.com' },
          { order: 2, service: 'SIP+D2T', replacement: '_sip._tcp.example.com' },
        ],
      },
      srv: { '_sip._udp.example.com': [srv('u', 5080, 20), srv('u', 5081, 10)], '_sip._tcp.example.com': [srv('t', 5070, 0)] },
      addresses: { t: ['192.0.2.2'], u: ['192.0.2.3'] },
    })
    expect(await found(located, 'sip:example.com')).toEqual(['udp 192.0.2.3 5081', 'udp 192.0.2.3 5080', 'tcp 192.0.2.2 5070'])
  })

  test('a SIPS URI takes only NAPTR services with the protocol SIPS', async () => {
    const located = locating({
      naptr: {
        'example.com': [
          { service: 'SIP+D2U', replacement: '_sip._udp.example.com' },
          { service: 'SIPS+D2T', replacement: '_sips._tcp.example.com', order: 2 },
        ],
      },
      srv: { '_sips._tcp.example.com': [srv('s', 5061)], '_sip._udp.example.com': [srv('u', 5060)] },
      addresses: { s: ['192.0.2.4'], u: ['192.0.2.3'] },
    })
    expect(await found(located, 'sips:example.com')).toEqual(['tls 192.0.2.4 5061'])
  })

  test('without NAPTR the SRV records of each offered protocol are queried', async () => {
    const located = locating({ srv: { '_sip._tcp.example.com': [srv('t', 5070)] }, addresses: { t: ['192.0.2.2'] } })
    expect(await found(located, 'sip:example.com')).toEqual(['tcp 192.0.2.2 5070'])
    expect(located.asked.slice(0, 3)).toEqual(['NAPTR example.com', 'SRV _sip._udp.example.com', 'SRV _sip._tcp.example.com'])
  })

  test('with a transport parameter NAPTR MUST NOT be queried, only this SRV', async () => {
    const located = locating({ srv: { '_sip._tcp.example.com': [srv('t', 5070)] }, addresses: { t: ['192.0.2.2'] } })
    expect(await found(located, 'sip:example.com;transport=tcp')).toEqual(['tcp 192.0.2.2 5070'])
    expect(located.asked).toEqual(['SRV _sip._tcp.example.com', 'A t'])
  })
})

describe('RFC 3263 §4.2: port and address', () => {
  test('a port in the URI means A and AAAA alone, every address a hop', async () => {
    const located = locating({ addresses: { 'example.com': ['192.0.2.7', '2001:db8::7'] } })
    expect(await found(located, 'sip:example.com:5070')).toEqual(['udp 192.0.2.7 5070', 'udp 2001:db8::7 5070'])
    expect(located.asked).toEqual(['A example.com'])
  })

  test('without SRV records the host itself is looked up, at the default port', async () => {
    expect(await found(locating({ addresses: { 'example.com': ['192.0.2.7'] } }), 'sips:example.com')).toEqual(['tls 192.0.2.7 5061'])
  })

  test('a name without a dot is looked up directly: it is in the hosts file, not in a domain', async () => {
    const located = locating({ addresses: { localhost: ['127.0.0.1'] } })
    expect(await found(located, 'sip:localhost')).toEqual(['udp 127.0.0.1 5060'])
    expect(located.asked).toEqual(['A localhost'])
  })

  test('a name that does not exist is a DNS Error', async () => {
    await expect(found(locating({}), 'sip:no-such-host.invalid')).rejects.toMatchObject({ code: 'SIP_SEND_FAILED', message: 'DNS Error' })
  })

  test('an SRV target of "." means that the service is not available (RFC 2782)', async () => {
    await expect(
      found(locating({ srv: { '_sip._udp.example.com': [srv('', 0)] } }), 'sip:example.com;transport=udp'),
    ).rejects.toMatchObject({ message: 'DNS Error' })
  })
})

describe('RFC 2782: the order of SRV targets', () => {
  const target = (address: string, priority: number, weight: number): NameTarget => ({
    protocol: 'udp',
    address,
    port: 5060,
    priority,
    weight,
  })

  test('the lowest priority comes first, whatever the weights', () => {
    expect(inOrder([target('b', 2, 100), target('a', 1, 0), target('c', 3, 0)], () => 0.99).map(({ address }) => address)).toEqual([
      'a',
      'b',
      'c',
    ])
  })

  test('within a priority each target comes first in proportion to its weight', () => {
    const targets = [target('a', 1, 10), target('b', 1, 30), target('c', 1, 60)]
    const first = { a: 0, b: 0, c: 0 }
    for (let at = 0; at < 100; at += 1) {
      const name = inOrder(targets, () => at / 100)[0]?.address
      if (name === 'a' || name === 'b' || name === 'c') first[name] += 1
    }
    expect(first).toEqual({ a: 10, b: 30, c: 60 })
  })

  test('each target comes exactly once', () => {
    const targets = [target('a', 1, 0), target('b', 1, 0), target('c', 1, 5)]
    for (const chance of [0, 0.5, 0.999]) {
      expect(
        inOrder(targets, () => chance)
          .map(({ address }) => address)
          .sort(),
      ).toEqual(['a', 'b', 'c'])
    }
  })
})

describe('a DNS reply', () => {
  test('is remembered for a while, so that the next call need not wait, and then queried again', async () => {
    const located = locating({ addresses: { 'example.com': ['192.0.2.7'] } })
    expect(located.hops.findNow('sip:example.com:5060')).toBeNull()
    await found(located, 'sip:example.com:5060')
    expect(located.hops.findNow('sip:example.com:5060')).toHaveLength(1)
    expect(located.asked).toHaveLength(1)
    located.clock.advance(30_000)
    expect(located.hops.findNow('sip:example.com:5060')).toHaveLength(1)
    expect(located.asked).toHaveLength(2)
    await found(located, 'sip:example.com:5060')
    located.clock.advance(300_000)
    expect(located.hops.findNow('sip:example.com:5060')).toBeNull()
  })

  test('is used for a day if the DNS gives none any more, and no call waits for it (RFC 8767)', async () => {
    const addresses: Record<string, readonly string[]> = { 'example.com': ['192.0.2.7'] }
    const located = locating({ addresses })
    const uri = 'sip:example.com:5060'
    await found(located, uri)
    delete addresses['example.com']
    // Long unused: the call waits for the query, and falls back.
    located.clock.advance(3_600_000)
    expect(await found(located, uri)).toEqual(['udp 192.0.2.7 5060'])
    for (let minutes = 61; minutes < 24 * 60; minutes++) {
      located.clock.advance(60_000)
      if (located.hops.findNow(uri) === null) throw new Error(`a call waits after ${minutes} minutes`)
      await found(located, uri)
      await Promise.resolve()
    }
    located.clock.advance(60_000)
    await expect(found(located, uri)).rejects.toThrow()
  })

  test('is shared by concurrent queries', async () => {
    const located = locating({ addresses: { 'example.com': ['192.0.2.7'] } })
    await Promise.all([1, 2, 3].map(() => found(located, 'sip:example.com:5060')))
    expect(located.asked).toEqual(['A example.com'])
  })

  test('is not remembered if it was empty', async () => {
    const located = locating({})
    await expect(found(located, 'sip:example.com:5060')).rejects.toThrow()
    await expect(found(located, 'sip:example.com:5060')).rejects.toThrow()
    expect(located.asked).toHaveLength(2)
  })
})

test('every protocol has its own SRV name', async () => {
  const located = locating({}, protocols)
  for (const protocol of protocols) await expect(found(located, `sip:example.com;transport=${protocol}`)).rejects.toThrow()
  expect(new Set(located.asked.filter((question) => question.startsWith('SRV'))).size).toBe(protocols.length)
})
