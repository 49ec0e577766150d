import { expect, it } from 'vitest'
import { zoneRules } from '../../../src/phone-models/phone-models.js'

it.each([
  ['Europe/Paris', 'STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00'],
  ['Europe/London', 'STD+0DST-1,M3.5.0/01:00:00,M10.5.0/02:00:00'],
  ['America/New_York', 'STD+5DST+4,M3.2.0/02:00:00,M11.1.0/02:00:00'],
  ['Australia/Lord_Howe', 'STD-10:30DST-11,M10.1.0/02:00:00,M4.1.0/02:00:00'],
  ['Asia/Kolkata', 'STD-5:30'],
  ['UTC', 'STD+0'],
  ['no/zone', 'STD+0'],
])('%s has rules of weeks, which do not change with the year', (zone, posix) => {
  for (const year of [2026, 2027, 2033]) expect(zoneRules(zone, year).posix).toBe(posix)
})

it('a zone whose changes follow no week has a fixed offset', () => {
  expect(zoneRules('Africa/Casablanca', 2026).summer).toBe(null)
})
