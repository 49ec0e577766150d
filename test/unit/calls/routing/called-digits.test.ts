import { expect, test } from 'vitest'
import { completeDigits } from '../../../../src/calls/routing/called-digits.js'
import { dialplan } from './scene.js'

test.each([
  ['tel:0612345678;phone-context=+33', '+33612345678'],
  ['sip:06-12-34-56-78;phone-context=+33@hotdesk.example;user=phone', '+33612345678'],
  ['tel:7946-0100;phone-context=+44', '79460100'],
  ['tel:02079460100;phone-context=+44', '+442079460100'],
  ['sip:0612345678@hotdesk.example;user=phone', '0612345678'],
  ['tel:0612345678;phone-context=hotdesk.example', '0612345678'],
  ['tel:+442079460100;phone-context=+33', '+442079460100'],
  ['tel:7042;phone-context=+1-914-555', '+19145557042'],
  ['tel:5551234;phone-context=+1(914)', '+19145551234'],
  ['tel:7042;phone-context=+1-914-55x', '7042'],
  // An extension, an emergency number and a route of the site.
  ['tel:100;phone-context=+33', '100'],
  ['tel:112;phone-context=+44', '112'],
  ['tel:00612345678;phone-context=+44', '00612345678'],
  ['urn:service:sos', '112'],
])('RFC 3966 §5.1.5: %s calls %s', (uri, digits) => {
  expect(completeDigits(uri, dialplan)).toBe(digits)
})
