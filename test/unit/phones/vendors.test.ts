import { expect, it } from 'vitest'
import { vendorOf } from '../../../src/phones/vendors.js'

it.each([
  ['Yealink SIP-T54W 96.86.0.100', 'Yealink', 'check-sync;reboot=false'],
  ['snomD785/10.1.101.11', 'Snom', 'check-sync;reboot=false'],
  ['Grandstream GRP2614 1.0.5.67', 'Grandstream', 'resync'],
  ['PolycomVVX-VVX_450-UA/6.4.0.9955', 'Poly', 'check-sync'],
  ['Poly/8.0', 'Poly', 'check-sync'],
  ['Fanvil X5U-V2 2.12.1', 'Fanvil', 'check-sync'],
  ['Gigaset N510 IP PRO/42.259', 'Gigaset', 'check-sync;reboot=false'],
  ['Cisco/SPA504G-7.6.2', 'Linksys', 'resync'],
  ['Cisco-CP-8851-3PCC/11.3', 'Cisco', 'check-sync'],
  ['baresip v1.0.0', 'other', 'check-sync;reboot=false'],
  ['', 'other', 'check-sync;reboot=false'],
])('a phone that calls itself %j is a %s and refreshes on %s', (userAgent, name, refreshEvent) => {
  expect(vendorOf(userAgent, null)).toMatchObject({ name, refreshEvent })
})

it('a phone without a User-Agent is identified by its record', () => {
  expect(vendorOf('SIP device', 'Grandstream HT818').name).toBe('Grandstream')
  expect(vendorOf('Yealink W80B', 'Grandstream HT818').name).toBe('Yealink')
})
