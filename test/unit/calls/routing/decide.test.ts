import { describe, expect, it } from 'vitest'
import { parseSiteName } from '../../../../src/base/identity.js'
import type { Question } from '../../../../src/calls/routing/contract.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import { explain } from '../../../../src/calls/routing/explain.js'
import type { Trunk } from '../../../../src/dialplan/dialplan.js'
import { alice, bob, decided, dev, deviceOf, dialled, dialplan, found, rulesOf, type Scene, scene, userOf } from './scene.js'

describe('where a call goes', () => {
  const atWork: Scene = { seats: { HD0001: '100', HD0002: '101' }, registered: { HD0001: 'paris-1', HD0002: 'paris-1' } }

  it('is decided rule by rule, in one order', () => {
    const decision = decided('100', 'HD0002', atWork)
    expect(rulesOf(decision)).toBe('emergency code caller leaving number user forward disturb assignment phone')
    expect(decision.to).toMatchObject({ kind: 'phones', user: alice, bindings: [{ device: 'HD0001' }], nodes: [] })
  })

  it.each([
    ['112', 'emergency', 'emergency'],
    ['0112', 'emergency', 'emergency'],
    ['*77*100*', 'login', 'emergency code'],
    ['*77*5*', 'logout', 'emergency code'],
    ['100', 'please-log-in', 'emergency code caller'],
  ])('%s of a phone without a user is %s', (digits, kind, rules) => {
    const decision = decided(digits, 'HD0003', atWork)
    expect([decision.to.kind, rulesOf(decision)]).toEqual([kind, rules])
  })

  describe('an emergency number of the caller’s home', () => {
    const zoe = userOf('102', 'Zoe', { home: found(parseSiteName('london')) })
    const visited = {
      users: [alice, zoe],
      seats: { HD0001: '100', HD0002: '102' },
      emergencies: { london: ['112', '998', '100', '103', '*77*100*'], paris: ['997'] },
    }
    it.each([
      ['998', 'HD0002', 'emergency'],
      ['998#', 'HD0002', 'emergency'],
      ['0998', 'HD0002', 'emergency'],
      // What means something here means that.
      ['100', 'HD0002', 'refused'],
      ['*77*100*', 'HD0002', 'login'],
      ['103', 'HD0002', 'emergency'],
      ['998', 'HD0001', 'refused'],
      ['997', 'HD0001', 'refused'],
    ])('%s dialled at %s is %s', (digits, by, kind) => {
      const { to } = decided(digits, by, visited)
      expect(to.kind).toBe(kind)
      if (to.kind === 'emergency') expect([to.number, to.trunks.map(({ name }) => name)]).toEqual(['112', ['paris-carrier']])
    })
  })

  describe('a user who does not want to be disturbed', () => {
    const quiet = userOf('100', 'Alice', { doNotDisturb: true })

    it('is busy, although the phone is free', () => {
      const { to, steps } = decided('100', 'HD0002', { ...atWork, users: [quiet, bob] })
      expect(to).toEqual({ kind: 'refused', reason: 'busy' })
      expect(steps).toContainEqual({ rule: 'disturb', words: 'Alice does not want to be disturbed' })
    })

    it('is forwarded as if busy', () => {
      const forwarded = { ...quiet, forwards: { ...quiet.forwards, busy: '101' } }
      expect(decided('100', 'HD0002', { ...atWork, users: [forwarded, bob] }).to).toMatchObject({ kind: 'phones', user: bob })
    })

    it('is judged once: at the node of the caller, not again where the phone is', () => {
      const { to, steps } = decide({ kind: 'handed', digits: '100', hops: 1 }, scene({ ...atWork, users: [quiet, bob] }))
      expect(to).toMatchObject({ kind: 'phones', user: quiet, bindings: [{ device: 'HD0001' }] })
      expect(steps).toContainEqual({ rule: 'disturb', words: 'do-not-disturb is applied at the node of the caller' })
    })

    it('is still called back by the emergency centre', () => {
      const question = { kind: 'delivered', number: '+33199000001' } as const
      const knowledge = scene({ ...atWork, users: [quiet, bob], callBacks: { '+33199000001': 'HD0001' } })
      expect(decide(question, knowledge).to).toMatchObject({ kind: 'psap-callback', device: { id: 'HD0001' } })
    })
  })

  it.each(['+33199000001', '33199000001', '0033199000001', '0199000001'])(
    'the emergency centre may write the number that it calls back as %s',
    (number) => {
      const knowledge = scene({ ...atWork, callBacks: { '+33199000001': 'HD0001' } })
      expect(decide({ kind: 'delivered', number }, knowledge).to).toMatchObject({ kind: 'psap-callback', device: { id: 'HD0001' } })
    },
  )

  it('a phone that is draining makes only emergency calls', () => {
    const leaving = { ...atWork, draining: ['HD0002'] }
    expect(decided('100', 'HD0002', leaving).to).toEqual({ kind: 'refused', reason: 'draining' })
    expect(decided('112', 'HD0002', leaving).to.kind).toBe('emergency')
  })

  it('the phone of a user who is disabled makes only emergency calls, and takes the login of somebody else', () => {
    const users = [userOf('100', 'Alice', { enabled: false }), bob]
    const knowledge = scene({ ...atWork, users })
    const by = { device: deviceOf('HD0003', '100'), user: users[0] ?? null }
    const toOf = (digits: string) => decide({ kind: 'dialled', digits, by }, knowledge).to
    for (const digits of ['101', '00155512345']) expect(toOf(digits)).toEqual({ kind: 'please-log-in' })
    expect(toOf('112').kind).toBe('emergency')
    expect(toOf('*77*101*')).toEqual({ kind: 'login', extension: '101' })
  })

  it('a phone at another node is reached through this node, as long as it lives', () => {
    const away = { ...atWork, registered: { HD0001: 'london-1' } }
    expect(decided('100', 'HD0002', { ...away, nodes: ['paris-1', 'london-1'] }).to).toMatchObject({
      kind: 'phones',
      nodes: [{ name: 'london-1' }],
    })
    const down = decided('100', 'HD0002', away)
    expect(down.to).toEqual({ kind: 'refused', reason: 'not-reachable' })
    expect(down.steps.find(({ rule }) => rule === 'phone')?.words).toBe('HD0001 is registered at london-1, which is down')
  })

  it('a phone at a node that is down is reached by its Path (RFC 3327 §5.3); one at a living node through that node', () => {
    const away = { ...atWork, registered: { HD0001: 'london-1' }, path: '<sip:sbc.example;lr>' }
    const down = decided('100', 'HD0002', away)
    expect(down.to).toMatchObject({ kind: 'phones', bindings: [{ device: 'HD0001' }], nodes: [] })
    expect(down.steps.find(({ rule }) => rule === 'phone')?.words).toContain('its Path leads to it')
    const living = decided('100', 'HD0002', { ...away, nodes: ['paris-1', 'london-1'] })
    expect(living.to).toMatchObject({ kind: 'phones', bindings: [], nodes: [{ name: 'london-1' }] })
  })

  it('a call that another node has passed on rings the phones here, and only here, because that node calls the others', () => {
    const registered = { HD0001: 'london-1', HD0002: 'paris-1' }
    const knowledge = scene({ seats: { HD0001: '100', HD0002: '100' }, registered, nodes: ['paris-1', 'london-1'] })
    const { to, steps } = decide({ kind: 'handed', digits: '100', hops: 1 }, knowledge)
    expect(to).toMatchObject({ kind: 'phones', bindings: [{ device: 'HD0002' }], nodes: [] })
    expect(steps.at(-1)?.words).toContain('HD0001 is registered at london-1, which another node calls')
  })

  it('a call that has been passed on twice goes no further, and is not forwarded', () => {
    const user = userOf('100', 'Alice', { forwards: { notReachable: '101', always: '101' } })
    const registered = { HD0001: 'london-1', HD0002: 'paris-1' }
    const knowledge = scene({ ...atWork, users: [user, bob], registered, nodes: ['paris-1', 'london-1'] })
    expect(decide({ kind: 'handed', digits: '100', hops: 2 }, knowledge).to).toEqual({ kind: 'refused', reason: 'not-reachable' })
    expect(decide({ kind: 'handed', digits: '100', hops: 1 }, knowledge).to.kind).toBe('phones')
  })

  it.each([
    ['not logged in', {}, 'not-logged-in'],
    ['disabled', { ...atWork, users: [userOf('100', 'Alice', { enabled: false })] }, 'not-logged-in'],
    ['about to be logged out', { ...atWork, draining: ['HD0001'] }, 'not-logged-in'],
    ['at a phone that is not registered', { seats: { HD0001: '100' } }, 'not-reachable'],
    ['unknown', { users: [] }, 'unknown-number'],
  ] as const)('a user who is %s is not called', (_what, parts, reason) => {
    expect(decided('100', null, parts).to).toEqual({ kind: 'refused', reason })
  })

  it('a phone with an owner rings for them while no other user is logged in there', () => {
    const devices = [deviceOf('HD0001', '100')]
    const registered = { HD0001: 'paris-1' }
    expect(decided('100', null, { devices, registered }).to).toMatchObject({ kind: 'phones', bindings: [{ device: 'HD0001' }] })
    expect(decided('100', null, { devices, registered, seats: { HD0001: '101' } }).to).toEqual({ kind: 'refused', reason: 'not-logged-in' })
  })
})

describe('forwards', () => {
  it('for all calls come first, also if the user is not logged in', () => {
    const users = [userOf('100', 'Alice', { forwards: { always: '0155512345' } }), bob]
    expect(decided('100', null, { users }).to).toEqual({ kind: 'refused', reason: 'unknown-number' })
    const abroad = [userOf('100', 'Alice', { rights: 'abroad', forwards: { always: '000441234' } }), bob]
    expect(decided('100', null, { users: abroad }).to).toMatchObject({ kind: 'outside', number: '+441234' })
  })

  it('that lead in a circle are a loop', () => {
    const users = [userOf('100', 'Alice', { forwards: { always: '101' } }), userOf('101', 'Bob', { forwards: { always: '100' } })]
    const decision = decided('100', null, { users })
    expect(decision.to).toEqual({ kind: 'refused', reason: 'loop' })
    expect(decision.steps.at(-1)?.words).toBe('the call has been at 100 before')
  })

  it('are a loop as well if the first of them is not part of it', () => {
    const forwarding = (extension: string, always: string) => userOf(extension, 'User', { forwards: { always } })
    const decision = decided('100', null, { users: [forwarding('100', '101'), forwarding('101', '102'), forwarding('102', '101')] })
    expect(decision.steps.at(-1)?.words).toBe('the call has been at 101 before')
  })

  it('are followed five times, and no more', () => {
    const forwarding = Array.from({ length: 6 }, (_, at) =>
      userOf(String(100 + at), `User ${at}`, { forwards: { always: String(101 + at) } }),
    )
    const last = userOf('106', 'Zoe')
    const at = { seats: { HD0001: '106' }, registered: { HD0001: 'paris-1' } }
    const users = [...forwarding, last]
    expect(decided('101', null, { ...at, users }).to).toMatchObject({ kind: 'phones', user: last })
    expect(decided('100', null, { ...at, users }).to).toEqual({ kind: 'refused', reason: 'loop' })
  })

  it.each(['*77*100*', '*77*5*', '112'])('do not reach %s', (number) => {
    expect(decided('100', null, { users: [userOf('100', 'Alice', { forwards: { notLoggedIn: number } })] }).to).toEqual({
      kind: 'refused',
      reason: 'unknown-number',
    })
  })
})

describe('a call from a trunk', () => {
  it('goes to the user who has this number', () => {
    const knowledge = scene({ seats: { HD0001: '100' }, registered: { HD0001: 'paris-1' } })
    expect(decide({ kind: 'delivered', number: '+33199000100' }, knowledge).to).toMatchObject({ kind: 'phones', user: alice })
    expect(decide({ kind: 'delivered', number: '+33199009999' }, knowledge).to).toEqual({ kind: 'refused', reason: 'unknown-number' })
  })

  it('back to a phone that has made an emergency call rings this phone, whoever is logged in there (RFC 7090)', () => {
    const knowledge = scene({ registered: { HD0003: 'paris-1' }, callBacks: { '+33199000100': 'HD0003' } })
    expect(decide({ kind: 'delivered', number: '+33199000100' }, knowledge).to).toMatchObject({
      kind: 'psap-callback',
      device: { id: 'HD0003' },
    })
  })

  it('back to such a phone at another node goes through that node, which hands it on to nobody', () => {
    const registered = { HD0003: 'paris-2' }
    const parts = { registered, nodes: ['paris-1', 'paris-2'], callBacks: { '+33199000100': 'HD0003' } }
    const nodesOf = (question: Question, given: Scene) => {
      const { to } = decide(question, scene(given))
      return to.kind === 'psap-callback' ? [to.nodes.map(({ name }) => name), to.bindings.map((binding) => binding.node)] : to
    }
    const delivered = { kind: 'delivered', number: '+33199000100' } as const
    expect(nodesOf(delivered, parts)).toEqual([['paris-2'], ['paris-2']])
    expect(nodesOf(delivered, { ...parts, nodes: ['paris-1'] })).toEqual([[], ['paris-2']])
    expect(nodesOf({ kind: 'called-back', device: dev('HD0003') }, parts)).toEqual([[], ['paris-2']])
  })

  it('back to such a phone at two nodes rings it at each of them once', () => {
    const knowledge = scene({ nodes: ['paris-1', 'paris-2'], registered: { HD0003: 'paris-1', HD0002: 'paris-2' } })
    const { bindingsOf } = knowledge.registrar
    const registrar = { bindingsOf: () => ['HD0003', 'HD0002'].flatMap((id) => bindingsOf(dev(id))) }
    const { to } = decide({ kind: 'called-back', device: dev('HD0003') }, { ...knowledge, registrar })
    expect(to.kind === 'psap-callback' && to.bindings.map((binding) => binding.node)).toEqual(['paris-1'])
  })

  it('does not reach a feature code', () => {
    expect(decide({ kind: 'delivered', number: '*77*5*' }, scene({})).to).toEqual({ kind: 'refused', reason: 'unknown-number' })
  })
})

describe('why', () => {
  it('explains what happens to the call if the phone does not answer', () => {
    const users = [userOf('100', 'Alice', { rights: 'abroad', forwards: { busy: '101', noAnswer: '000441234' } }), bob]
    const knowledge = scene({ users, seats: { HD0001: '100', HD0002: '101' }, registered: { HD0001: 'paris-1', HD0002: 'paris-1' } })
    const told = explain(dialled('100', null, knowledge), knowledge)
    expect(told.outcome).toBe('HD0001 rings for 25 s')
    expect(told.otherwise.map(({ reason, next }) => `${reason}: ${next.outcome}`)).toEqual([
      'busy: HD0002 rings for 25 s',
      'declined: HD0002 rings for 25 s',
      'no-answer: +441234 is called over paris-carrier',
      'not-reachable: the caller gets 480 Phone Not Reachable',
    ])
  })

  it('names the phones that ring at other nodes', () => {
    const nodes = ['paris-1', 'london-1', 'oslo-1']
    const outcomeOf = (registered: Readonly<Record<string, string>>): string => {
      const seats = Object.fromEntries(Object.keys(registered).map((device) => [device, '100']))
      const knowledge = scene({ nodes, seats, registered })
      return explain(dialled('100', null, knowledge), knowledge).outcome
    }
    expect(outcomeOf({ HD0001: 'london-1' })).toBe('HD0001 rings for 25 s (via london-1)')
    expect(outcomeOf({ HD0001: 'london-1', HD0002: 'paris-1' })).toBe('HD0002 and HD0001 ring for 25 s (HD0001 via london-1)')
    expect(outcomeOf({ HD0001: 'london-1', HD0002: 'oslo-1' })).toBe(
      'HD0001 and HD0002 ring for 25 s (HD0001 via london-1; HD0002 via oslo-1)',
    )
  })

  it('reports that an emergency call fails without a trunk', () => {
    const known = scene({})
    const knowledge = { ...known, dialplan: { ...dialplan, emergencyTrunks: [] } }
    expect(explain(dialled('112', null, known), knowledge).outcome).toBe('the emergency call fails: this site has no trunk')
  })

  it('names trunks in the order in which they are tried', () => {
    const knowledge = scene({ down: ['paris-carrier'] })
    expect(explain({ kind: 'dialled', digits: '112', by: null }, knowledge).destination).toEqual({
      kind: 'emergency',
      number: '112',
      trunks: ['paris-carrier'],
      withLocation: [],
    })
  })

  describe('names the trunks that get the location of the phone', () => {
    const [trunk] = dialplan.trunks
    if (!trunk) throw new Error('the sample has a trunk')
    const trunksWith = (locations: readonly ('pidf-lo' | undefined)[]): Trunk[] =>
      locations.map((location, index) => ({ ...trunk, name: `trunk-${index + 1}`, ...(location && { location }) }))
    const outcomeOver = (trunks: readonly Trunk[], by: string | null, parts: Scene = {}): unknown[] => {
      const known = scene(parts)
      const knowledge = { ...known, dialplan: { ...dialplan, emergencyTrunks: trunks } }
      const { outcome, destination } = explain(dialled('112', by, known), knowledge)
      return [outcome, destination.withLocation]
    }

    it.each([
      ['none', [undefined], 'HD0001', '112 is called over trunk-1, without the location of the phone', []],
      [
        'all',
        ['pidf-lo', 'pidf-lo'],
        'HD0001',
        '112 is called over trunk-1, then trunk-2, with the location of the phone',
        ['trunk-1', 'trunk-2'],
      ],
      [
        'one',
        [undefined, 'pidf-lo'],
        null,
        '112 is called over trunk-1, then trunk-2, with the location of the phone over trunk-2 only',
        ['trunk-2'],
      ],
    ] as const)('%s', (_, locations, by, outcome, told) => {
      expect(outcomeOver(trunksWith(locations), by)).toEqual([outcome, told])
    })

    it('none if the phone has no location', () => {
      const devices = [{ ...deviceOf('HD0001'), location: null }]
      expect(outcomeOver(trunksWith(['pidf-lo']), 'HD0001', { devices })).toEqual([
        '112 is called over trunk-1, without the location of the phone',
        [],
      ])
    })
  })

  it('never shows hashes or credentials', () => {
    const users = [userOf('100', 'Alice', { pinHash: 'scrypt$1$2$3$salt$hash' })]
    const knowledge = scene({ users, seats: { HD0001: '100' }, registered: { HD0001: 'paris-1' } })
    const told = JSON.stringify(explain(dialled('100', null, knowledge), knowledge))
    expect(told).toContain('HD0001')
    expect(told).not.toContain('scrypt')
    expect(told).not.toContain('192.0.2')
  })
})
