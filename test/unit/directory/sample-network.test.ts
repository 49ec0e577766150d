import { expect, it } from 'vitest'
import { parseDeviceId, parseExtension, parseSiteName } from '../../../src/base/identity.js'
import { Secret } from '../../../src/base/secret.js'
import { samples } from '../../../src/directory/directory.js'
import { weaknessOf } from '../../../src/hotdesk/hotdesk.js'
import { defaults } from '../../support/node/default-settings.js'

it.each(samples.users)('user $extension of the sample network has a PIN that the policy allows', ({ extension, pin, home }) => {
  expect(weaknessOf(new Secret(pin), extension, defaults.pin)).toBeNull()
  expect([parseExtension(extension), parseSiteName(home)]).toEqual([extension, home])
})

it.each(samples.devices)('phone $id of the sample network can be traced in an emergency', ({ id, site, location, elin }) => {
  expect([parseDeviceId(id), parseSiteName(site)]).toEqual([id, site])
  expect(location).not.toBe('')
  expect(elin).toMatch(/^\+[0-9]+$/)
})
