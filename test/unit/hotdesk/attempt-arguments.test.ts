import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { limitsOf } from '../../../src/hotdesk/attempt-arguments.js'
import { defaults } from '../../support/node/default-settings.js'

/** `{ 'failures', 3 }, …` in the order of the arguments. */
const inLua = readFileSync(join(import.meta.dirname, '../../../src/hotdesk/functions/attempts.lua'), 'utf8').matchAll(
  /\{ '([a-z_]+)', ([0-9]+) \}/g,
)
const functions = Array.from(inLua, ([, name = '', usual = '']) => ({ name, usual }))

test('a node passes its limits in the order in which hotdesk_attempt takes them', () => {
  const limits = {
    user: { failures: 1, windowSeconds: 2, lockSeconds: 3, perPhoneAndDay: 7, freePerDay: 8, perDay: 9 },
    device: { failures: 4, windowSeconds: 5, lockSeconds: 6, perDay: 10 },
  }
  expect(functions.map(({ name }, at) => `${name} ${limitsOf(limits)[at]}`)).toEqual([
    'failures 1',
    'window 2',
    'lock 3',
    'device_failures 4',
    'device_window 5',
    'device_lock 6',
    'per_phone 7',
    'free 8',
    'per_day 9',
    'device_per_day 10',
  ])
})

test('hotdesk_attempt without limits takes the defaults of the settings', () => {
  expect(limitsOf(defaults.lockout)).toEqual(functions.map(({ usual }) => usual))
})
