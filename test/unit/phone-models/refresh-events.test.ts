import { expect, it } from 'vitest'
import { refreshEventsOf } from '../../../src/phone-models/phone-models.js'

it.each([
  ['Yealink SIP-T54W 96.86.0.100', 'check-sync;reboot=false', 'check-sync;reboot=true'],
  ['snomD785/10.1.101.11', 'check-sync;reboot=false', 'check-sync;reboot=true'],
  ['Grandstream GRP2614 1.0.5.67', 'resync', 'check-sync;reboot=true'],
  ['PolycomVVX-VVX_450-UA/6.4.0.9955', 'check-sync', 'check-sync;reboot=true'],
  ['Poly/8.0', 'check-sync', 'check-sync;reboot=true'],
  ['Fanvil X5U-V2 2.12.1', 'check-sync', 'check-sync;reboot=true'],
  ['Gigaset N510 IP PRO/42.259', 'check-sync;reboot=false', 'check-sync;reboot=true'],
  ['Cisco/SPA504G-7.6.2', 'resync', 'reboot_now'],
  ['Cisco-CP-8851-3PCC/11.3', 'check-sync', 'reboot'],
  ['baresip v1.0.0', 'check-sync;reboot=false', 'check-sync;reboot=true'],
  ['', 'check-sync;reboot=false', 'check-sync;reboot=true'],
])('a phone that calls itself %j refreshes on %s and reboots on %s', (userAgent, refresh, reboot) => {
  expect(refreshEventsOf(userAgent, null)).toEqual({ refresh, reboot })
})

it('a phone without a User-Agent is identified by its record', () => {
  expect(refreshEventsOf('SIP device', 'Grandstream HT818').refresh).toBe('resync')
  expect(refreshEventsOf('Yealink W80B', 'Grandstream HT818').refresh).toBe('check-sync;reboot=false')
})
