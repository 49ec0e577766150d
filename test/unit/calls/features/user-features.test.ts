import { describe, expect, it } from 'vitest'
import { errors } from '../../../../src/base/errors.js'
import type { Call } from '../../../../src/calls/call.js'
import { createUserFeatures } from '../../../../src/calls/features/user-features.js'
import type { DestinationOf } from '../../../../src/calls/routing/contract.js'
import type { Directory, EditOutcome, UserEdit } from '../../../../src/directory/directory.js'
import { keepLog } from '../../../support/node/kept-log.js'
import { loadPlan } from '../../dialplan/plan-text.js'
import { alice, deviceOf, scene, userOf } from '../routing/scene.js'

const plan = loadPlan(`
site: paris
outside: "0"
country: FR
extensions: [10X]
emergency: { "112": "112" }
trunks: { carrier: { uri: "sip:192.0.2.1" } }
routes: [{ match: "0ZX.", trunks: [carrier] }, { match: "+.", trunks: [carrier] }]
rights:
  inside: { forwardOutside: no }
  near: { allow: [internal], bar: [national] }
shortCodes:
  "*26": { feature: do-not-disturb }
  "00892.": { barred: yes }
`)

type Feature = DestinationOf<'feature'>['feature']

async function used(feature: Feature, argument = '', user = alice, answer: EditOutcome | Error = { outcome: 'SAVED' }) {
  const edits: UserEdit[] = []
  const editors: unknown[] = []
  const { log, lines } = keepLog()
  const putUser: Directory['putUser'] = (_extension, edit, _expected, by) => {
    edits.push(edit)
    editors.push(by)
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }
  const caller = { kind: 'device', device: deviceOf('HD0001'), user }
  const call = { log, caller, knowledge: { ...scene({}), dialplan: plan } } as unknown as Call
  const said = await createUserFeatures({ putUser })(call, user, { kind: 'feature', feature, argument })
  return { said, edits, editors, lines }
}

describe('the code of a forward', () => {
  it.each<readonly [Feature, string]>([
    ['forward-always', 'always'],
    ['forward-busy', 'busy'],
    ['forward-no-answer', 'noAnswer'],
    ['forward-not-logged-in', 'notLoggedIn'],
    ['forward-not-reachable', 'notReachable'],
  ])('%s sets the forward %s, and its -off removes it', async (feature, when) => {
    expect(await used(feature, '101')).toMatchObject({ said: 'forward-on', edits: [{ forwards: { [when]: '101' } }] })
    expect(await used(`${feature}-off` as Feature)).toMatchObject({ said: 'forward-off', edits: [{ forwards: { [when]: null } }] })
  })

  it.each([
    ['an extension that does not exist', '109'],
    ['an emergency number', '112'],
    ['a feature code', '*26'],
    ['the login code', '*77*100*'],
    ['a PIN', '4711'],
    ['nothing', ''],
    ['the own extension', '100'],
  ])('with %s changes nothing, and the digits are not logged', async (_what, number) => {
    const { said, edits, lines } = await used('forward-always', number)
    expect([said, edits]).toEqual(['number-wrong', []])
    if (number !== '' && number !== '100') expect(lines.join()).not.toContain(number)
  })

  it.each([
    ['a number that is barred for all', '00892123456', alice],
    ['an outside number, by a user whose rights exclude such forwards', '00199000123', userOf('100', 'Alice', { rights: 'inside' })],
    ['an outside number of a class that the rights bar', '00199000123', userOf('100', 'Alice', { rights: 'near' })],
    ['any number, by a user who may not forward from the phone', '101', userOf('100', 'Alice', { mayForward: false })],
  ])('with %s is barred', async (_what, number, user) => {
    expect(await used('forward-always', number, user)).toMatchObject({ said: 'barred', edits: [] })
  })

  it('keeps an outside number in its international form, which other sites understand', async () => {
    expect((await used('forward-always', '00199000123')).edits).toEqual([{ forwards: { always: '+33199000123' } }])
  })

  it('names the user and the phone for the event', async () => {
    expect((await used('forward-always', '101')).editors).toEqual([{ user: '100', device: 'HD0001' }])
    expect((await used('do-not-disturb')).editors).toEqual([{ user: '100', device: 'HD0001' }])
  })

  it('may always be removed', async () => {
    expect((await used('forward-always-off', '', userOf('100', 'Alice', { mayForward: false, rights: 'inside' }))).said).toBe('forward-off')
  })
})

describe('a feature code', () => {
  it('switches do-not-disturb', async () => {
    expect(await used('do-not-disturb')).toMatchObject({ said: 'do-not-disturb-on', edits: [{ doNotDisturb: true }] })
    expect(await used('do-not-disturb-off')).toMatchObject({ said: 'do-not-disturb-off', edits: [{ doNotDisturb: false }] })
  })

  it.each<readonly [string, EditOutcome | Error, string]>([
    ['Redis is lost', errors.STORE_UNAVAILABLE.notConnected(), 'try-later'],
    ['the user was removed at this moment', { outcome: 'UNKNOWN' }, 'try-later'],
    ['the directory refuses the number', { outcome: 'REFUSED', reasons: [] }, 'number-wrong'],
  ])('is answered truly if %s', async (_what, answer, said) => {
    expect((await used('forward-always', '101', alice, answer)).said).toBe(said)
  })
})
