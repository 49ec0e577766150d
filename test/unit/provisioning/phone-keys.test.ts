import { describe, expect, test } from 'vitest'
import { keysOnPhone } from '../../support/phones/keys-on-phone.js'
import { families, keptSettings, passwordOfPhone, renderedFor, renderedWith } from './sample-view.js'

const withKeys = families.filter((family) => family !== 'gigaset-n')

describe.each(withKeys)('keys of %s, as the phone reads them', (family) => {
  const keys = keysOnPhone(family, renderedFor('Anna', family).settings)
  const pressed = (position: number, state: 'terminated' | 'early' | 'confirmed'): string | null | undefined => keys[position]?.dials(state)

  test('every position has a key', () => {
    expect(keys).toHaveLength(8)
  })

  // Its lamp never blinks: then a phone would pick up instead of dialling.
  test('the first one watches the logout code and dials it, lit or not', () => {
    expect(keys[0]).toMatchObject({ kind: 'lamp', watches: '*77*5*', label: 'Logout' })
    expect([pressed(0, 'terminated'), pressed(0, 'confirmed')]).toEqual(['*77*5*', '*77*5*'])
  })

  test('the lamp of a colleague watches the extension, dials it, and picks a ringing call up by the code of the site', () => {
    expect(keys[1]).toMatchObject({ kind: 'lamp', watches: '101', label: 'Anna' })
    expect([pressed(1, 'terminated'), pressed(1, 'early'), pressed(1, 'confirmed')]).toEqual(['101', '*8101', '101'])
  })

  test('a speed dial and a pick-up dial their number; a parking place watches its code and dials it', () => {
    expect([pressed(2, 'terminated'), pressed(4, 'terminated')]).toEqual(['0794600', '*8'])
    expect(keys[3]).toMatchObject({ kind: 'lamp', watches: '*71' })
    expect([pressed(3, 'terminated'), pressed(3, 'confirmed')]).toEqual(['*71', '*71'])
  })

  test('a text, a line and an unused position dial nothing', () => {
    expect([pressed(5, 'terminated'), pressed(6, 'terminated'), pressed(7, 'terminated')]).toEqual([null, null, null])
    expect(keys[6]?.kind).toBe('line')
    expect(keys[7]?.kind).toBe('none')
  })
})

test.each(families)('an override of %s can change neither the password, nor the logout key, nor the emergency numbers', (family) => {
  const { settings } = renderedFor('Anna', family)
  const withPassword = [...settings].filter(([, values]) => values.includes(passwordOfPhone)).map(([name]) => name)
  const kept = keptSettings(family, settings)
  expect(kept).toEqual(expect.arrayContaining(withPassword))
  const keptValues = kept.flatMap((name) => settings.get(name) ?? []).join(' ')
  if (family !== 'gigaset-n') expect(keptValues).toContain('*77*5*')
  if (!family.startsWith('gigaset')) expect(keptValues).toMatch(/\b112\b/)
})

// A phone that has proven itself by a code or a certificate fetches from its own folder from then on.
test.each(families)('%s learns the address of its own folder', (family) => {
  const folder = 'https://phones.example.com/p/s3cret/'
  const { settings, problems } = renderedWith({ folder }, family)
  expect(problems).toEqual([])
  expect([...settings.values()].flat().filter((value) => value.includes('phones.example.com/p/s3cret'))).toHaveLength(1)
})
