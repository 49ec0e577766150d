import { describe, expect, it } from 'vitest'
import { errors } from '../../../../src/base/errors.js'
import type { Call } from '../../../../src/calls/call.js'
import { createUserFeatures } from '../../../../src/calls/features/user-features.js'
import type { DestinationOf } from '../../../../src/calls/routing/contract.js'
import type { Directory, EditOutcome, UserEdit } from '../../../../src/directory/directory.js'
import type { Store } from '../../../../src/store/store.js'
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

/** What the voicemail server has reported about each mailbox. */
const mailboxes = new Map<string, ReadonlyMap<string, string>>()
const store = { replica: { hash: (key: string) => mailboxes.get(key) } as unknown as Store['replica'] }

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
  const said = await createUserFeatures({ directory: { putUser }, store })(call, user, { kind: 'feature', feature, argument })
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

  it('of a toggle switches on what is off, and off what is on', async () => {
    expect(await used('do-not-disturb-toggle')).toMatchObject({ said: 'do-not-disturb-on', edits: [{ doNotDisturb: true }] })
    const silent = userOf('100', 'Alice', { doNotDisturb: true })
    expect(await used('do-not-disturb-toggle', '', silent)).toMatchObject({ said: 'do-not-disturb-off', edits: [{ doNotDisturb: false }] })
  })

  it.each([
    ['nothing is forwarded', null, '101', 'forward-on', '101'],
    ['calls are forwarded to this number', '101', '101', 'forward-off', null],
    ['calls are forwarded to this number in its international form', '+33123456789', '00123456789', 'forward-off', null],
    ['calls are forwarded to another number', '102', '101', 'forward-on', '101'],
    ['calls are forwarded, and the key has no number', '102', '', 'forward-off', null],
  ])('of a forward with a toggle, while %s', async (_what, always, number, said, after) => {
    const user = userOf('100', 'Alice', { forwards: { ...alice.forwards, always } })
    expect(await used('forward-always-toggle', number, user)).toMatchObject({ said, edits: [{ forwards: { always: after } }] })
  })

  it('of a forward with a toggle needs a number to switch on', async () => {
    expect(await used('forward-always-toggle')).toMatchObject({ said: 'number-wrong', edits: [] })
  })

  it('tells who is logged in', async () => {
    expect(await used('who-is-here')).toMatchObject({ said: { about: 'user', extension: '100', name: 'Alice' }, edits: [] })
  })

  it.each([
    ['nothing', undefined, 'messages-unknown'],
    ['no message', { waiting: 'no', new: '0', old: '0' }, 'messages-none'],
    ['old ones only', { waiting: 'no', new: '0', old: '2' }, { about: 'messages', fresh: 0, old: 2 }],
    ['new and old ones', { waiting: 'yes', new: '12', old: '3' }, { about: 'messages', fresh: 12, old: 3 }],
    ['that some wait, without a number', { waiting: 'yes' }, 'messages-waiting'],
    ['that none waits, without a number', { waiting: 'no' }, 'messages-none'],
  ])('tells how many messages there are if the server has reported %s', async (_what, reported, said) => {
    mailboxes.clear()
    if (reported) mailboxes.set('messages:100', new Map(Object.entries(reported)))
    expect((await used('message-count')).said).toEqual(said)
  })

  it.each<readonly [string, EditOutcome | Error, string]>([
    ['Redis is lost', errors.STORE_UNAVAILABLE.notConnected(), 'try-later'],
    ['the user was removed at this moment', { outcome: 'UNKNOWN' }, 'try-later'],
    ['the directory refuses the number', { outcome: 'REFUSED', reasons: [] }, 'number-wrong'],
  ])('is answered truly if %s', async (_what, answer, said) => {
    expect((await used('forward-always', '101', alice, answer)).said).toBe(said)
  })
})
