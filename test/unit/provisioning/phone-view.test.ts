import { describe, expect, test } from 'vitest'
import { keyText } from '../../../src/directory/directory.js'
import type { KeyView } from '../../../src/provisioning/view/phone-view.js'
import { phoneStates, sceneOf, users } from '../../support/phones/phone-scenes.js'

const model = 'Yealink T54W'
const shown = (keys: readonly KeyView[]): string[] =>
  keys
    .filter(({ kind }) => kind !== 'none')
    .map(({ kind, value, watch, label, works }) => [kind, value, watch ?? '-', label, works].join(' '))

describe('an idle phone', () => {
  const { keys, ...view } = sceneOf(model, phoneStates.idle)

  test('shows its own name, in the language of the site, and nothing of a user', () => {
    expect(view).toMatchObject({ state: 'idle', user: null, pages: null, language: 'fr', notShown: [] })
    expect(view.display).toEqual({ name: 'HD0001', number: 'HD0001', label: 'HD0001' })
    expect(view.dialling.voicemail).toBe(null)
  })

  test('has the login key first, which dials what it watches, and a line for emergency calls', () => {
    expect(shown(keys)).toEqual(['lamp *77* *77* Connexion true', 'line  - Ligne true'])
  })

  test('has an entry for every key, so that nothing is left of the previous user', () => {
    expect(keys.map(({ position }) => position)).toEqual(Array.from({ length: 27 }, (_, position) => position))
    expect(keys.slice(2).every(({ kind, value, label }) => kind === 'none' && value === '' && label === '')).toBe(true)
  })
})

test('a phone whose owner is disabled shows nothing of the owner', () => {
  const view = sceneOf(model, { user: { ...users.anna, enabled: false }, isOwner: true })
  expect(view).toEqual(sceneOf(model, phoneStates.idle))
})

test('the keys of a user follow the logout key', () => {
  const { keys, display, state, pages, notShown } = sceneOf(model, phoneStates.home)
  expect([state, display.label, pages !== null, notShown]).toEqual(['home', '100 Anna Martin', true, []])
  expect(shown(keys)).toEqual([
    'lamp *77*5* *77*5* Déconnexion true',
    'line  - Ligne 1 true',
    'lamp 101 101 Bob, accueil true',
    'speed 0794600 - Taxi true',
    'speed *97 - *97 true',
    'speed *44*100 - london true',
    'park *701 *701 Parcage 1 true',
    'pick-up *8 - Intercepter true',
    'pick-up *8101 - Intercepter Bernd Weiß true',
    'lamp *22*0612345678 *22*0612345678 Renvoi 0612345678 true',
    'lamp *26 *26 Ne pas déranger true',
    'text  - Équipe true',
    'text  - Pas ici: 104 false',
  ])
})

test('keys that cannot work at this site say so and dial nothing (seeds: appearance buttons no longer operate)', () => {
  const { keys, language, state } = sceneOf(model, phoneStates.visitor)
  expect([state, language]).toEqual(['visitor', 'en'])
  expect(shown(keys)).toEqual([
    'lamp *77*5* *77*5* Logout true',
    'line  - 200 true',
    'lamp 100 100 Anna Martin true',
    'text  - Not here: Doors false',
    'text  - Not here: new-york false',
    'park *702 *702 Park 2 true',
  ])
})

test('a phone that is draining shows nothing of the user any more', () => {
  const { epoch: _, state, ...draining } = sceneOf(model, phoneStates.draining)
  const { epoch: __, state: ___, ...idle } = sceneOf(model, phoneStates.idle)
  expect(state).toBe('draining')
  expect(draining).toEqual(idle)
})

test('keys beyond those of the phone go to its modules, and the others are not shown', () => {
  const { keys, notShown } = sceneOf(model, phoneStates.overflow)
  expect(keys).toHaveLength(27 + 60)
  expect(keys.filter(({ kind }) => kind === 'none')).toEqual([])
  expect([keys[26]?.module, keys[27]?.module, keys[27]?.value]).toEqual([null, 1, users.zoe.keys[26]?.target])
  expect(notShown.map(keyText)).toEqual(users.zoe.keys.slice(86).map(keyText))
  expect(sceneOf(model, { user: users.zoe }).notShown).toHaveLength(users.zoe.keys.length - 26)
})

test('a phone without programmable keys shows none', () => {
  const { keys, notShown } = sceneOf('Gigaset N870 IP PRO', phoneStates.home)
  expect([keys, notShown.length]).toEqual([[], users.anna.keys.length])
})

test('pages and second keys follow the model', () => {
  const pages = (text: string) => sceneOf(text, phoneStates.idle).keys.map(({ page }) => page)
  expect(pages(model)).toEqual(Array.from({ length: 27 }, (_, position) => Math.floor(position / 9)))
  expect(pages('Fanvil X5U').slice(0, 12)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
})

test('the phone of an owner who has not logged in offers the login; a phone without hot desking has no such key', () => {
  expect(shown(sceneOf(model, { user: users.bob, isOwner: true }).keys).slice(0, 2)).toEqual([
    'lamp *77* *77* Login true',
    'line  - 200 true',
  ])
  expect(shown(sceneOf(model, { user: users.bob, isOwner: true, hotdesk: 'no' }).keys)[0]).toBe('line  - 200 true')
})

test('emergency numbers are those of the site, of the user’s home, and of every site', () => {
  expect(sceneOf(model, phoneStates.visitor).dialling.emergency).toEqual(['15', '17', '18', '112', '999', '911'])
  expect(sceneOf(model, phoneStates.idle).dialling.emergency).toEqual(['15', '17', '18', '112', '911'])
})
