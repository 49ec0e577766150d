import { expect, test } from 'vitest'
import { loadPlan } from './plan-text.js'

const planWith = (lines: string) => loadPlan(`site: rome\nextensions: [1XX]\n${lines}`)

test('Sites get keys that begin no emergency number, with or without the prefix for an outside line', () => {
  const keysOf = (lines: string) => planWith(lines).breakOut.freeKeys.join('')
  expect(keysOf('')).toBe('2345678' + '0')
  expect(keysOf('outside: "0"\nemergency: { "112": "112", "211": "211" }\n')).toBe('345678')
})

test.each([
  ['breakOutMenu: { "1": london }\n', '"1" is the beginning of the emergency number 112'],
  ['breakOutMenu: { "9": london }\n', '"9" is the beginning of the emergency number 911'],
  ['outside: "0"\nbreakOutMenu: { "0": london }\n', '"0" is the beginning of the emergency number 0112'],
  ['emergency: { "333": "112" }\nbreakOutMenu: { "3": london }\n', '"3" is the beginning of the emergency number 333'],
  ['breakOutMenu: { "12": london }\n', 'expected a key, 0 to 9'],
  ['breakOutMenu: { "2": London }\n', 'expected a site such as london'],
])('%j is refused with its line: %s', (lines, message) => {
  expect(() => planWith(lines)).toThrow(message)
  expect(() => planWith(lines)).toThrow(/:[34]:[0-9]+/)
})
