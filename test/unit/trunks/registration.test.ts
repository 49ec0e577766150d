import { describe, expect, it } from 'vitest'
import { incoming } from '../../support/sip/registrar-bench.js'
import {
  contactIn,
  isRegistered,
  openRegistrarStage,
  type RegistrarStage,
  registered,
  registrarSource,
  type SentRegister,
} from '../../support/sip/registrar-of-trunk.js'

const second = 1_000

const party = { name: '', number: '100', isPrivate: false, isAsserted: true }

describe('RFC 3261 §10.2: a REGISTER to a trunk', () => {
  it('names the account, our Contact and its expiry, and no user in the Request-URI', () => {
    const register = openRegistrarStage().waiting()
    expect([register.uri, register.via]).toEqual(['sip:carrier.example', undefined])
    expect(['From', 'To'].map(register.header)).toEqual(['<sip:paris@carrier.example>', '<sip:paris@carrier.example>'])
    expect(register.header('Contact')).toMatch(/^<sip:trunk-[0-9a-f]{32}@localhost>;expires=600$/)
    expect([register.header('Expires'), register.header('Supported'), register.header('CSeq')]).toEqual(['600', 'path', '1 REGISTER'])
  })

  it('goes where the dial plan says', () => {
    const keys = ', registrar: "sips:reg.carrier.example", aor: "sip:4711@voice.example", expires: 1800, outboundProxy: "sip:edge.example"'
    const register = openRegistrarStage(keys).waiting()
    expect([register.uri, register.via]).toEqual(['sips:reg.carrier.example', 'sip:edge.example'])
    expect(register.header('To')).toBe('<sip:4711@voice.example>')
    expect(register.header('Contact')).toMatch(/^<sips:trunk-[0-9a-f]{32}@localhost>;expires=1800$/)
  })

  it('names the transport of the trunk in our Contact unless it is UDP', () => {
    const contact = (uri: string): string => openRegistrarStage(`, registrar: "${uri}"`).waiting().header('Contact')
    expect(contact('sip:carrier.example;transport=tcp')).toMatch(/@localhost;transport=tcp>/)
    expect(contact('sip:carrier.example;transport=udp')).toMatch(/@localhost>/)
  })

  it('is sent again halfway through a short expiry, with the same Call-ID and Contact and the next CSeq', async () => {
    const stage = openRegistrarStage()
    const first = stage.waiting()
    await first.answer(200, { Contact: `<sip:other@192.0.2.1>;expires=9, <${contactIn(first)}>;expires=600` })
    expect(await isRegistered(stage)).toBe(1)
    stage.clock.advance(300 * second - 1)
    expect(stage.open).toBe(0)
    stage.clock.advance(1)
    const next = stage.waiting()
    expect(next.header('CSeq')).toBe('2 REGISTER')
    for (const name of ['Call-ID', 'Contact']) expect(next.header(name)).toBe(first.header(name))
  })

  it('is sent again ten minutes before the end of a long expiry', async () => {
    const stage = await registered(', expires: 7200', 7_200)
    stage.clock.advance(6_600 * second - 1)
    expect(stage.open).toBe(0)
    stage.clock.advance(1)
    expect(stage.open).toBe(1)
  })

  it('§10.2.8: is repeated at once with the expiry that a 423 asks for', async () => {
    const stage = openRegistrarStage()
    await stage.waiting().answer(423, { 'Min-Expires': '3600' })
    const longer = stage.waiting()
    expect(longer.header('Contact')).toMatch(/;expires=3600$/)
    await longer.answer(200, { Expires: '3600' })
    expect(await isRegistered(stage)).toBe(1)
  })

  it.each(['', '60', '9999999'])('is not repeated at once if the 423 asks for no longer one: "%s"', async (least) => {
    const stage = openRegistrarStage()
    await stage.waiting().answer(423, { 'Min-Expires': least })
    expect([stage.open, await isRegistered(stage)]).toEqual([0, 0])
  })

  it('§10.2.8: follows a registrar that asks for more at each 423, four times, and then waits', async () => {
    const stage = openRegistrarStage()
    for (const least of [700, 800, 900, 1_000]) await stage.waiting().answer(423, { 'Min-Expires': String(least) })
    const last = stage.waiting()
    expect(last.header('Contact')).toMatch(/;expires=1000$/)
    await last.answer(423, { 'Min-Expires': '1100' })
    expect([stage.open, stage.trunks.warnings()]).toEqual([0, ['trunk carrier is not registered (423 Reason): its calls do not arrive']])
  })

  it.each(['expires="14"', 'Expires = 14', ' ; EXPIRES = " 14 " '])('§20.10: reads the granted expiry in %s', async (parameter) => {
    const stage = openRegistrarStage()
    const register = stage.waiting()
    await register.answer(200, { Contact: `<sip:other@192.0.2.1>;expires=90,<${contactIn(register)}> ;${parameter}` })
    expect(await isRegistered(stage)).toBe(1)
    stage.clock.advance(7 * second - 1)
    expect(stage.open).toBe(0)
    stage.clock.advance(1)
    expect(stage.open).toBe(1)
  })

  it('counts with the expiry that was granted, also where a border controller shows its own Contact', async () => {
    const stage = openRegistrarStage()
    await stage.waiting().answer(200, { Contact: '<sip:4711@198.51.100.9>;expires=120' })
    stage.clock.advance(60 * second)
    expect(stage.open).toBe(1)
  })

  it.each<readonly [string, (contact: string) => Readonly<Record<string, string>>]>([
    ['gives our Contact no time', (contact) => ({ Contact: `<${contact}>;expires="0"`, Expires: '600' })],
    ['removes all', () => ({ Contact: '<sip:a@192.0.2.1>;expires=0', Expires: '0' })],
    ['shows no Contact', () => ({})],
  ])('has failed if the 200 %s, which is shown in plain words and tried again after a pause', async (_what, headers) => {
    const stage = openRegistrarStage()
    const register = stage.waiting()
    await register.answer(200, headers(contactIn(register)))
    expect([await isRegistered(stage), stage.open]).toEqual([0, 0])
    expect(stage.trunks.warnings()).toEqual([
      'trunk carrier is not registered (the registrar did not keep the registration): its calls do not arrive',
    ])
    stage.clock.advance(2.5 * second)
    expect(stage.open).toBe(1)
  })
})

describe('a registration that fails', () => {
  /** Fails again and again; seconds from each failure to the next REGISTER. */
  async function pausesAfter(count: number, fail: (register: SentRegister) => Promise<void>): Promise<number[]> {
    const stage = openRegistrarStage()
    const pauses: number[] = []
    for (let failures = 0; failures < count; failures++) {
      await fail(stage.waiting())
      let seconds = 0
      for (; stage.open === 0; seconds += 0.5) stage.clock.advance(second / 2)
      pauses.push(seconds)
    }
    return pauses
  }

  it('RFC 5626 §4.5: is tried again after pauses that double, five minutes at most, by half chance', async () => {
    expect(await pausesAfter(8, (register) => register.answer(500))).toEqual([2.5, 5, 10, 20, 40, 80, 150, 150])
    expect(await pausesAfter(2, (register) => register.fails('server'))).toEqual([2.5, 5])
  })

  it('is tried again less often if the trunk refuses the account, which it may lock', async () => {
    expect(await pausesAfter(3, (register) => register.answer(403))).toEqual([30, 60, 120])
  })

  it('RFC 3261 §20.33: waits as long as the trunk asks, an hour at most', async () => {
    expect(await pausesAfter(1, (register) => register.answer(503, { 'Retry-After': '90 (restart)' }))).toEqual([90])
    expect(await pausesAfter(1, (register) => register.answer(503, { 'Retry-After': '999999' }))).toEqual([2.5])
  })

  it('begins another Call-ID if it is not known which CSeq was the last', async () => {
    const stage = openRegistrarStage()
    const first = stage.waiting()
    await first.fails('server')
    stage.clock.advance(3 * second)
    const next = stage.waiting()
    expect([next.header('CSeq'), next.header('Call-ID') === first.header('Call-ID')]).toEqual(['1 REGISTER', false])
  })

  it('leaves the binding valid until it expires; then the metric, /readyz and the order of trunks show it', async () => {
    const stage = await registered()
    const { trunks, clock } = stage
    clock.advance(300 * second)
    await stage.waiting().answer(500)
    expect([await isRegistered(stage), trunks.warnings()]).toEqual([1, []])
    for (let failed = 300; failed < 600; failed++) {
      clock.advance(second)
      if (stage.open > 0) await stage.waiting().answer(500)
    }
    expect(await isRegistered(stage)).toBe(0)
    expect(trunks.warnings()).toEqual(['trunk carrier is not registered (500 Reason): its calls do not arrive'])
  })

  it('puts the trunk behind those that work until it succeeds', async () => {
    const stage = openRegistrarStage()
    const order = (): readonly string[] => stage.trunks.order(stage.plan.trunks).map(({ name }) => name)
    // No response yet shows nothing.
    expect(order()).toEqual(['carrier', 'other'])
    await stage.waiting().answer(403)
    expect(order()).toEqual(['other', 'carrier'])
    stage.clock.advance(30 * second)
    await stage.waiting().answer(200, { Expires: '600' })
    expect([order(), stage.trunks.warnings()]).toEqual([['carrier', 'other'], []])
  })

  it('for want of our own SIP server shows nothing about the trunk, and is repeated as soon as the server is back', async () => {
    const stage = openRegistrarStage()
    await stage.waiting().fails('link')
    expect([stage.open, stage.trunks.warnings()]).toEqual([0, []])
    await stage.reconnected()
    expect(stage.open).toBe(1)
  })
})

describe('the state of a trunk', () => {
  const stateOf = ({ trunks }: RegistrarStage) => trunks.states().find(({ name }) => name === 'carrier')

  it('shows whether this node is registered there, and why not', async () => {
    const stage = openRegistrarStage()
    expect(stateOf(stage)).toMatchObject({ state: 'up', registered: false, trouble: null })
    await stage.waiting().answer(403)
    expect(stateOf(stage)).toMatchObject({ state: 'down', registered: false, trouble: '403 Reason' })
    stage.clock.advance(30 * second)
    await stage.waiting().answer(200, { Expires: '600' })
    expect(stateOf(stage)).toMatchObject({ state: 'up', registered: true, trouble: null })
    await stage.alive('paris-0')
    await stage.waiting().answer(200)
    expect(stateOf(stage)).toMatchObject({ state: 'up', registered: null })
  })

  it('shows the calls over it', () => {
    const stage = openRegistrarStage()
    const place = stage.trunks.enter(stage.carrier, 'ordinary')
    expect(stateOf(stage)?.calls).toBe(1)
    if (place.outcome === 'entered') place.leave()
    expect(stateOf(stage)?.calls).toBe(0)
  })
})

describe('a reload of the dial plan', () => {
  it('begins and ends registrations', async () => {
    const stage = openRegistrarStage(', register: no')
    expect(stage.open).toBe(0)
    await stage.reload('')
    await stage.waiting().answer(200, { Expires: '600' })
    await stage.reload(', register: no')
    const removal = stage.waiting()
    expect(removal.header('Expires')).toBe('0')
    await removal.answer(200)
    expect([stage.open, await isRegistered(stage)]).toEqual([0, undefined])
  })

  it.each<readonly [string, (register: SentRegister) => Promise<void>]>([
    ['that timed out', (register) => register.fails('server')],
    ['that was lost with our SIP server', (register) => register.fails('link')],
    ['that timed out at a proxy of the carrier', (register) => register.answer(408)],
    ['that a proxy of the carrier could not deliver in time', (register) => register.answer(504)],
  ])('removes the binding that the carrier may have after a REGISTER %s', async (_what, end) => {
    const stage = openRegistrarStage()
    const register = stage.waiting()
    await end(register)
    await stage.reload(', register: no')
    const removal = stage.waiting()
    expect([removal.header('Expires'), contactIn(removal)]).toEqual(['0', contactIn(register)])
    await removal.answer(200)
    expect([stage.open, await isRegistered(stage)]).toEqual([0, undefined])
  })

  it('removes nothing after a REGISTER that the carrier has refused, also if an earlier one timed out', async () => {
    const stage = openRegistrarStage()
    await stage.waiting().fails('server')
    stage.clock.advance(300 * second)
    await stage.waiting().answer(403)
    await stage.reload(', register: no')
    expect(stage.open).toBe(0)
  })

  it('leaves a registration alone if its account is the same', async () => {
    const stage = await registered()
    await stage.reload(', ping: 30')
    expect([stage.open, await isRegistered(stage)]).toEqual([0, 1])
  })

  it('registers with a changed account when the old binding is removed, because both may have the same Contact', async () => {
    const stage = await registered()
    await stage.reload(', username: paris, password: another-secret, register: yes')
    const removal = stage.waiting()
    expect([stage.open, removal.header('Expires')]).toEqual([0, '0'])
    await removal.answer(200)
    expect(stage.waiting().header('Expires')).toBe('600')
  })
})

describe('a call over a registered trunk', () => {
  const source = { protocol: 'udp', address: '203.0.113.77', port: 40_000 } as const

  it('is recognised by our Contact, from any address, also before the first response', () => {
    const stage = openRegistrarStage()
    const uri = contactIn(stage.waiting()).replace('localhost', '192.0.2.10')
    expect(stage.trunks.trunkOf({ uri, source })?.name).toBe('carrier')
    expect(stage.trunks.trunkOf({ uri: uri.replace(/.@/, '@'), source })).toBeNull()
    expect(stage.trunks.trunkOf({ uri: 'sip:paris@192.0.2.10', source })).toBeNull()
  })

  it('is recognised by the address whose registrar has accepted us, and not before', async () => {
    const uri = 'sip:+33199000101@192.0.2.10'
    const from = { ...registrarSource, port: 40_000 }
    expect(openRegistrarStage().trunks.trunkOf({ uri, source: from })).toBeNull()
    expect((await registered()).trunks.trunkOf({ uri, source: from })?.name).toBe('carrier')
  })

  it.each([
    ['the number in P-Called-Party-ID (RFC 7315 §4.2)', { 'P-Called-Party-ID': '<tel:+33-199-000-102>', To: '<sip:x@y>' }, '+33199000102'],
    ['the number in To', { To: '<sip:+33199000102@carrier.example>' }, '+33199000102'],
    ['the number of the trunk if To is the account', { To: '<sip:paris@carrier.example>' }, '+33199000000'],
    ['no number of ours', { To: '<sip:+441@carrier.example>' }, '+441'],
    ['nobody', {}, ''],
  ])('to our Contact is for %s', (_, headers, number) => {
    const stage = openRegistrarStage()
    const uri = contactIn(stage.waiting()).replace('localhost', '192.0.2.10')
    expect(stage.trunks.calledNumber(incoming({ method: 'INVITE', uri, headers, source }).request, stage.plan)).toBe(number)
  })

  it('RFC 3608 §6.1: goes out along the service route, whose first proxy is the next hop', async () => {
    const stage = openRegistrarStage()
    const route = '<sip:edge.carrier.example;transport=tcp;lr>, <sip:core.carrier.example;lr>'
    await stage.waiting().answer(200, { Expires: '600', 'Service-Route': route })
    const { parts, uri } = stage.trunks.outgoing(stage.carrier, '+331', party, stage.plan)
    expect(uri).toBe('sip:+331@carrier.example')
    expect([parts.via, parts.headers?.Route]).toEqual(['sip:edge.carrier.example;transport=tcp;lr;hotdesk-flow', route])
  })

  it.each([
    ['there is none', {}],
    ['it is malformed', { 'Service-Route': '<sip:edge.carrier.example;lr>, <http://x>' }],
  ])('goes straight to the trunk if %s', async (_, headers) => {
    const stage = openRegistrarStage()
    await stage.waiting().answer(200, { Expires: '600', ...headers })
    const { parts } = stage.trunks.outgoing(stage.carrier, '+331', party, stage.plan)
    expect([parts.via, parts.headers?.Route]).toEqual([undefined, undefined])
  })

  it('RFC 3261 §8.1.2: goes to the outbound proxy first', async () => {
    const stage = openRegistrarStage(', outboundProxy: "sip:proxy.example;transport=tcp"')
    const outgoing = () => stage.trunks.outgoing(stage.carrier, '+331', party, stage.plan).parts
    expect([outgoing().via, outgoing().headers?.Route]).toEqual(['sip:proxy.example;transport=tcp', undefined])
    await stage.waiting().answer(200, { Expires: '600', 'Service-Route': '<sip:core.carrier.example;lr>' })
    expect([outgoing().via, outgoing().headers?.Route]).toEqual([
      'sip:proxy.example;transport=tcp;hotdesk-flow',
      '<sip:core.carrier.example;lr>',
    ])
  })
})
