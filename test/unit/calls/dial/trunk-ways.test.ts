import { describe, expect, it } from 'vitest'
import { trunkWays } from '../../../../src/calls/dial/trunk-ways.js'
import type { TrunkHandover } from '../../../../src/calls/inbound/trunk-handover.js'
import { parseHandover, writeHandover } from '../../../../src/calls/inbound/trunk-handover.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import { explain } from '../../../../src/calls/routing/explain.js'
import type { LiveNode } from '../../../../src/directory/directory.js'
import { loadPlan } from '../../dialplan/plan-text.js'
import { dev, dialled, node, nodeOf, rulesOf, type Scene, scene } from '../routing/scene.js'

const plan = loadPlan(`
site: paris
outside: "0"
extensions: [10X]
trunks:
  carrier: { uri: "sip:192.0.2.1", register: yes, username: paris, password: carrier-pw-1, callerId: "+33199000000" }
  backup: { uri: "sip:192.0.2.2" }
routes: [{ match: "0ZX.", trunks: [carrier, backup] }]
`)

/** A node of Paris that comes before paris-1 by name. */
const sister: LiveNode = nodeOf(node('paris-0'), undefined, ['trunk', 'registrations'])
const self: LiveNode = { ...sister, name: node('paris-1') }
const known = (parts: Scene = {}) => scene({ nodes: [], others: [sister, self], plan, ...parts })

function ways(kind: 'ordinary' | 'emergency', parts: Scene = {}): string {
  const knowledge = known(parts)
  return trunkWays(knowledge.trunks.order(plan.trunks), kind, knowledge)
    .map((way) => `${way.trunk.name} ${way.kind === 'sister' ? way.node.name : way.kind}`)
    .join(', ')
}

describe('the ways to a trunk at which another node of the site is registered', () => {
  it('of an ordinary call: by that node, then from here, then the next trunk', () => {
    expect(ways('ordinary')).toBe('carrier paris-0, carrier fallback, backup own')
  })

  it('of an emergency call: the trunks that work from here, then by that node, then from here all the same', () => {
    expect(ways('emergency')).toBe('backup own, carrier paris-0, carrier fallback')
    expect(ways('emergency', { down: ['backup'] })).toBe('carrier paris-0, carrier fallback, backup own')
    expect(ways('emergency', { down: ['backup', 'carrier'] })).toBe('carrier paris-0, carrier fallback, backup own')
  })

  it.each<[string, Scene]>([
    ['this node is registered', { registeredTrunks: ['carrier'] }],
    ['this node is the one that registers', { others: [{ ...sister, name: node('paris-2') }, self] }],
    ['that node is draining', { others: [{ ...sister, isDraining: true }, self] }],
    ['that node is of another site', { others: [{ ...sister, site: 'london' as LiveNode['site'] }, self] }],
  ])('are those of any trunk if %s', (_, parts) => {
    expect(ways('ordinary', parts)).toBe('carrier own, backup own')
    expect(ways('emergency', parts)).toBe('carrier own, backup own')
  })

  it('do not lead over a node of an earlier version, which would not understand the call', () => {
    const earlier = { others: [{ ...sister, takes: ['registrations'] as const }, self] }
    expect(ways('ordinary', earlier)).toBe('carrier fallback, backup own')
    expect(ways('emergency', earlier)).toBe('carrier fallback, backup own')
  })

  it('are shown by `why`', () => {
    const knowledge = known()
    const decision = decide(dialled('0012345', null, knowledge), knowledge)
    expect(rulesOf(decision)).toMatch(/ registrar$/)
    expect(decision.steps.at(-1)?.words).toBe(
      'paris-0 is registered at carrier and calls it; then this node calls carrier, at which it is not registered; then this node calls backup',
    )
    expect(explain(dialled('0012345', null, knowledge), knowledge).outcome).toBe(
      '012345 is called over carrier by paris-0, then carrier, then backup',
    )
    expect(explain(dialled('112', null, knowledge), knowledge).outcome).toBe(
      '112 is called over backup, then carrier by paris-0, then carrier, without the location of the phone',
    )
    const alone = known({ registeredTrunks: ['carrier'] })
    expect(rulesOf(decide(dialled('0012345', null, alone), alone))).not.toMatch('registrar')
  })
})

describe('the handover of a call to the node that is registered', () => {
  it.each<TrunkHandover>([
    { trunk: 'carrier', kind: 'ordinary', location: null },
    { trunk: 'carrier', kind: 'emergency', location: null, device: dev('HD0001') },
    { trunk: 'carrier', kind: 'emergency', location: 'Étage 3, salle "B"; côté rue & cour' },
    { trunk: 'carrier', kind: 'ordinary', location: null, mailbox: { name: '100', cause: 486 } },
  ])('arrives as it was written: %j', (handover) => {
    expect(parseHandover(writeHandover(handover))).toEqual(handover)
    expect(writeHandover(handover)).toMatch(/^[\x21-\x7e]*$/)
  })
})
