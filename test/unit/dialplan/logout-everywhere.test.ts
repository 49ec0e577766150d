import { expect, test } from 'vitest'
import type { Extension } from '../../../src/base/identity.js'
import { samplePlan } from '../../support/node/sample-plan.js'
import { loadPlan as load, refusal } from './plan-text.js'

const paris = samplePlan('paris')

test.each([
  ['*77*6*', null],
  ['*77*6', null],
  ['*77*6*#', null],
  ['*77*6*100*', '100'],
  ['*77*6*100', '100'],
  ['*77*6*100#', '100'],
])('%s logs out everywhere, and is not the login of 6', (dialled, extension) => {
  expect(paris.route(dialled)).toEqual({ kind: 'logout-everywhere', extension })
})

test('the code that logs out everywhere lies behind the login code, unless the file has one or the logout code is the same', () => {
  const plan = (codes: string) => load(`site: paris\nextensions: [1XX]\ncodes: ${codes}\n`)
  expect(plan('{ login: "*1*", logout: "*1*5*" }').route('*1*6*100*')).toEqual({ kind: 'logout-everywhere', extension: '100' })
  expect(plan('{ logoutEverywhere: "*99" }').route('*99')).toEqual({ kind: 'logout-everywhere', extension: null })
  expect(plan('{ logoutEverywhere: "*99" }').route('*77*6*')).toEqual({ kind: 'login', extension: '6' })
  expect(plan('{ login: "*77*", logout: "*77*6*" }').route('*77*6*')).toEqual({ kind: 'logout' })
  expect(plan('{ login: "*77*", logout: "*77*6*" }').codes.logoutEverywhere).toBeNull()
})

test('the extension whose login would read the same is reserved', () => {
  const reason = '*77*6* is the code that logs out everywhere, and the login of 6 would read the same'
  expect(paris.reserved('6' as Extension)).toBe(reason)
  expect(paris.reserved('7' as Extension)).toBeNull()
})

test('a code that logs out everywhere may lie within the login, but not in the way of another code', () => {
  const base = 'site: paris\nextensions: [1XX]\nshortCodes: { "*99.": { feature: pick-up } }\n'
  expect(refusal(`${base}codes: { logoutEverywhere: "*99*" }\n`).join()).toMatch(/"\*99\."|codes\.logoutEverywhere/)
  expect(load(`${base}codes: { logoutEverywhere: "*77*9*" }\n`).codes.logoutEverywhere).toBe('*77*9*')
  // Otherwise `*77*6100*` would log 100 out, and not 6100 in.
  expect(refusal(`${base}codes: { logoutEverywhere: "*77*6" }\n`).join()).toMatch(/codes\.logoutEverywhere/)
})
