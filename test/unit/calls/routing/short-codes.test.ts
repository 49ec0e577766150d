import { describe, expect, it } from 'vitest'
import { parseSiteName } from '../../../../src/base/identity.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import { explain } from '../../../../src/calls/routing/explain.js'
import { emergencyOf, handedEmergencyOf } from '../../../../src/calls/routing/number-rules.js'
import { shownDigits } from '../../../../src/calls/routing/shown-digits.js'
import { loadPlan } from '../../dialplan/plan-text.js'
import { alice, dev, dialled, found, type Scene, scene, userOf } from './scene.js'

const plan = loadPlan(`
site: paris
outside: "0"
extensions: [10X]
trunks: { carrier: { uri: "sip:192.0.2.1" } }
routes: [{ match: "0.", trunks: [carrier] }]
shortCodes:
  "*1": { extension: "101" }
  "*2": { forward: "00612345678" }
  "00892.": { barred: yes }
  "998": { barred: yes }
  "*8XXX": { feature: pick-up }
  "*68*.": { breakOut: any }
  "*9": { announcement: try-later }
  "*31.": { trunks: [carrier], strip: 3 }
  "7.": { trunks: [carrier], strip: 1 }
`)
const atWork: Scene = { seats: { HD0001: '100', HD0002: '101' }, registered: { HD0001: 'paris-1', HD0002: 'paris-1' } }
const known = (parts: Scene = atWork) => ({ ...scene(parts), dialplan: plan })
const afterForward = (number: string) =>
  decide({ kind: 'forwarded', user: alice, number, history: { hops: 0, trail: ['100'], diversions: [] } }, known()).to
const from = (by: string, digits: string, knowledge = known()) => decide(dialled(digits, by, knowledge), knowledge)

describe('a short code', () => {
  it('reaches its target, and the steps name the code', () => {
    const { to, steps } = from('HD0001', '*1')
    expect(to).toMatchObject({ kind: 'phones', user: { extension: '101' } })
    expect(steps.map(({ words }) => words)).toContain('short code *1: 101 is an extension at paris')
    expect(from('HD0001', '*2').to).toMatchObject({ kind: 'outside', number: '0612345678', trunks: plan.trunks, callerId: null })
  })

  it('that bars a number is answered 480 Call Barred', () => {
    const knowledge = known()
    const { outcome, destination, steps } = explain(dialled('00892123', 'HD0001', knowledge), knowledge)
    expect({ outcome, destination, step: steps.at(-1) }).toEqual({
      outcome: 'the caller gets 480 Call Barred',
      destination: { kind: 'refused', reason: 'barred', status: 480 },
      step: { rule: 'number', words: 'short code 00892.: 00892123 is barred' },
    })
  })

  it('does nothing for a phone without a user', () => {
    expect(from('HD0003', '*1').to).toEqual({ kind: 'please-log-in' })
    expect(from('HD0003', '00892123').to).toEqual({ kind: 'please-log-in' })
  })

  it('of which a trunk would get an emergency number calls for help from every phone, and is reached neither by forward nor by transfer', () => {
    for (const by of ['HD0001', 'HD0003']) expect(from(by, '*31112').to).toEqual({ kind: 'emergency', number: '112', trunks: plan.trunks })
    expect(emergencyOf('*31112', () => null, known())).toMatchObject({ number: '112' })
    expect(from('HD0001', '*31113').to.kind).toBe('outside')
    expect(afterForward('*31112')).toEqual({ kind: 'refused', reason: 'unknown-number' })
    const by = { device: found(known().directory.device(dev('HD0001'))), user: alice }
    expect(decide({ kind: 'transferred', digits: '*31112', by }, known()).to).toEqual({ kind: 'refused', reason: 'not-by-transfer' })
  })

  it('is not what another node means by the extension of a user', () => {
    const knowledge = known({ ...atWork, users: [alice, userOf('7112', 'Grace')] })
    const handed = (digits: string) => handedEmergencyOf(digits, () => null, knowledge)
    expect(handed('7112')).toBeNull()
    expect(emergencyOf('7112', () => null, knowledge)).toMatchObject({ number: '112' })
    for (const digits of ['112', '*31112', '7911']) expect(handed(digits)).toMatchObject({ number: '112' })
  })

  it('may be the target of a forward if it stands for a number', () => {
    const knowledge = known()
    const forwarded = (number: string) =>
      decide({ kind: 'forwarded', user: alice, number, history: { hops: 0, trail: ['100'], diversions: [] } }, knowledge).to
    expect(forwarded('*1')).toMatchObject({ kind: 'phones', user: { extension: '101' } })
    expect(forwarded('00892123')).toEqual({ kind: 'refused', reason: 'barred' })
  })

  it.each([
    ['*8101', 'feature', 'short code *8XXX is the feature pick-up'],
    ['*9', 'announcement', 'short code *9 plays the prompt try-later'],
  ])('%s works for the phone that dials it, and no forward reaches it', (digits, kind, words) => {
    const { to, steps } = from('HD0001', digits)
    expect([to.kind, steps.at(-1)?.words]).toEqual([kind, words])
    expect(from('HD0003', digits).to).toEqual({ kind: 'please-log-in' })
    expect(afterForward(digits)).toEqual({ kind: 'refused', reason: 'not-from-here' })
  })

  it('for a break-out is not reached by a forward', () => {
    expect(afterForward('*68*london*123')).toEqual({ kind: 'refused', reason: 'not-from-here' })
  })

  it('whose digits may be a PIN is not shown', () => {
    expect(['*8101', '*8102', '*68*london*1', '*9', '00892123', '*1'].map((digits) => shownDigits(digits, known()))).toEqual([
      '*8101',
      null,
      '*68*london*1',
      '*9',
      '00892123',
      '*1',
    ])
  })

  it('never bars an emergency number of the visitor’s home', () => {
    const visitor = userOf('101', 'Zoe', { home: found(parseSiteName('london')) })
    const visit = known({ ...atWork, users: [visitor], emergencies: { london: ['998'] } })
    expect(from('HD0002', '998', visit).to).toMatchObject({ kind: 'emergency', number: '112' })
  })
})

describe('the code that logs out everywhere', () => {
  it('logs in the user who has had its extension since before there was the code', () => {
    const older = known({ ...atWork, users: [alice, userOf('6', 'Six')] })
    expect(from('HD0001', '*77*6*', older).to).toEqual({ kind: 'login', extension: '6' })
    expect(from('HD0001', '*77*6*100*', older).to).toEqual({ kind: 'logout-everywhere', extension: '100' })
    expect(from('HD0001', '*77*6*').to).toEqual({ kind: 'logout-everywhere', extension: null })
  })
})
