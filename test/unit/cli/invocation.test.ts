import { expect, test } from 'vitest'
import { asInvoked } from '../../../src/cli/output/invocation.js'

test.each([
  ['run `hotdesk doctor`', 'run `npx hotdesk doctor`'],
  ['hotdesk device set, hotdesk user set', 'npx hotdesk device set, npx hotdesk user set'],
  ['hotdesk help <command>; hotdesk <command> --help', 'npx hotdesk help <command>; npx hotdesk <command> --help'],
  ['  hotdesk --config /etc/hotdesk/hotdesk.yaml check', '  npx hotdesk --config /etc/hotdesk/hotdesk.yaml check'],
  ['hotdesk starts, hotdesk helpful, hotdesk <subject>', 'hotdesk starts, hotdesk helpful, hotdesk <subject>'],
  ['hotdesk is up: hotdesk/start, my-hotdesk start, hotdesk started', 'hotdesk is up: hotdesk/start, my-hotdesk start, hotdesk started'],
])('a hint names the program as it is started: %s', (hint, shown) => {
  expect(asInvoked(hint, 'npx hotdesk')).toBe(shown)
  expect(asInvoked(shown, 'npx hotdesk')).toBe(shown)
  expect(asInvoked(hint, 'hotdesk')).toBe(hint)
})
