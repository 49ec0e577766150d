import { expect, test } from 'vitest'
import { knownModels } from '../../../src/phone-models/known-models.js'
import { type Make, modelOf } from '../../../src/phone-models/phone-models.js'
import { keysOnPhone } from '../../support/phones/keys-on-phone.js'
import { families, renderedWith } from './sample-view.js'

const models = Object.entries(knownModels).flatMap(([make, { models: rows }]) =>
  ['unknown', ...rows.flatMap(({ names }) => names)].map((name) => modelOf(make as Make, name)),
)

/** Every position of the phone, and of one module, has a key: the first is the login key, the others are unused. */
function idleKeys({ keys, modules }: (typeof models)[number]) {
  const unused = { kind: 'none', value: '', watch: null, label: '', works: true }
  const login = { kind: 'lamp', value: '*77*', watch: '*77*', label: 'Anmelden', works: true }
  return Array.from({ length: keys + (modules?.keys ?? 0) }, (_, position) => ({
    ...(position === 0 ? login : unused),
    position,
    page: 0,
    module: position < keys ? null : 1,
  }))
}

test.each(models.filter(({ family }) => families.includes(family)))('$make $name: the file of the idle phone is complete', (model) => {
  const keys = idleKeys(model)
  const idle = { user: null, pages: null, state: 'idle', language: 'de', keys, model: { ...model } }
  const { settings, problems } = renderedWith({ ...idle, display: { name: 'HD0001', number: 'HD0001', label: 'HD0001' } }, model.family)
  expect(problems).toEqual([])
  expect([...settings.values()].flat().filter((value) => /NaN|undefined|Infinity/.test(value))).toEqual([])
  if (model.family === 'gigaset-n') return
  const found = keysOnPhone(model.family, settings)
  expect(found).toHaveLength(keys.length)
  if (keys.length > 0) expect(found[0]).toMatchObject({ kind: 'lamp', watches: '*77*', label: 'Anmelden' })
  // Poly and Cisco show who sits there beside a line key alone, and use a free position for it.
  expect(found.slice(1).filter(({ kind }) => kind !== 'none').length).toBeLessThanOrEqual(1)
})
