import { expect, test } from 'vitest'
import { asInvoked } from '../../../src/cli/output/invocation.js'

test.each([
  ['run `hotdesk doctor`', 'run `npx hotdesk doctor`'],
  ['hotdesk device set, hotdesk user set', 'npx hotdesk device set, npx hotdesk user set'],
  ['  hotdesk test-call 100', '  npx hotdesk test-call 100'],
  ['hotdesk help <command>; hotdesk <command> --help', 'npx hotdesk help <command>; npx hotdesk <command> --help'],
  ['  hotdesk --config /etc/hotdesk/hotdesk.yaml check', '  npx hotdesk --config /etc/hotdesk/hotdesk.yaml check'],
  ['hotdesk starts, hotdesk helpful, hotdesk <subject>', 'hotdesk starts, hotdesk helpful, hotdesk <subject>'],
  ['hotdesk is up: hotdesk/start, my-hotdesk start, hotdesk started', 'hotdesk is up: hotdesk/start, my-hotdesk start, hotdesk started'],
])('a hint names the program as it is started: %s', (hint, shown) => {
  expect(asInvoked(hint, 'npx hotdesk')).toBe(shown)
  expect(asInvoked(shown, 'npx hotdesk')).toBe(shown)
  expect(asInvoked(hint, 'hotdesk')).toBe(hint)
})

test.each([
  ['run `hotdesk doctor`', 'run `hotdesk -c /etc/hotdesk.yaml doctor`'],
  ['hotdesk device set, hotdesk user set', 'hotdesk -c /etc/hotdesk.yaml device set, hotdesk -c /etc/hotdesk.yaml user set'],
  ['hotdesk help <command>; hotdesk schema config', 'hotdesk help <command>; hotdesk schema config'],
  ['hotdesk --config other.yaml check', 'hotdesk --config other.yaml check'],
])('a hint has the configuration file of the command: %s', (hint, shown) => {
  expect(asInvoked(hint, 'hotdesk', '/etc/hotdesk.yaml')).toBe(shown)
  expect(asInvoked(shown, 'hotdesk', '/etc/hotdesk.yaml')).toBe(shown)
})

test('a file name with a blank is one word of the shell in a hint', () => {
  expect(asInvoked('hotdesk status', 'npx hotdesk', "Ann's desk.yaml")).toBe("npx hotdesk -c 'Ann'\\''s desk.yaml' status")
})
