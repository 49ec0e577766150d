import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { loadDialplan } from '../../../../src/dialplan/dialplan.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

const user = { rights: 'day', outOfHoursRights: 'night', timeProfile: 'office' }

/** The name of the rights that count at a moment, in UTC. */
function rightsAt(office: string, moment: string, timezone = 'Europe/Paris') {
  const text = `site: paris\nextensions: [1XX]\ntimezone: ${timezone}\nrights: { day: {}, night: {} }\ntimeProfiles: { office: ${office} }`
  const clock = createManualClock(Date.parse(moment))
  const plan = loadDialplan({ text, file: 'paris.yaml', log: silentLogger() })
  return plan.rights.inForce(user, clock.now())
}

describe('inside the hours of a time profile the rights of the user count, outside the others', () => {
  test.each([
    ['2026-06-01T05:59:59Z', 'night'],
    ['2026-06-01T06:00:00Z', 'day'],
    ['2026-06-01T15:59:59Z', 'day'],
    ['2026-06-01T16:00:00Z', 'night'],
    // Saturday and Sunday.
    ['2026-06-06T10:00:00Z', 'day'],
    ['2026-06-06T10:30:00Z', 'night'],
    ['2026-06-07T10:00:00Z', 'night'],
    // An hour later in UTC in winter.
    ['2026-12-01T06:30:00Z', 'night'],
    ['2026-12-01T07:00:00Z', 'day'],
  ])('%s', (moment, rights) => {
    expect(rightsAt('{ hours: { mon-fri: "08:00-18:00", sat: "09:00-12:30" } }', moment).rights.name).toBe(rights)
  })

  test('and the words name the local time', () => {
    expect(rightsAt('{ hours: { mon-fri: "08:00-18:00" } }', '2026-06-06T17:30:00Z').words).toBe(
      'rights night of paris, because Sat 19:30 is outside office',
    )
  })
})

describe('hours over midnight', () => {
  test.each([
    ['2026-06-05T21:59:00Z', 'day'],
    ['2026-06-05T20:00:00Z', 'day'],
    ['2026-06-06T03:59:00Z', 'day'],
    ['2026-06-06T04:00:00Z', 'night'],
    // Nothing began on Saturday.
    ['2026-06-07T00:00:00Z', 'night'],
    ['2026-06-06T20:00:00Z', 'night'],
  ])('end in the next day: %s', (moment, rights) => {
    expect(rightsAt('{ hours: { fri: "22:00-06:00" } }', moment).rights.name).toBe(rights)
  })
})

describe('a date', () => {
  const office = '{ hours: { mon-sun: "00:00-24:00" }, dates: { "12-25": [], "2026-12-24": "08:00-12:00", "2027-12-25": "10:00-11:00" } }'
  test.each([
    ['has hours of its own', '2026-12-24T11:30:00Z', 'night'],
    ['of every year is outside all day', '2026-12-25T11:30:00Z', 'night'],
    ['with its year outweighs that of every year', '2027-12-25T09:30:00Z', 'day'],
    ['begins and ends at local midnight', '2026-12-24T22:59:00Z', 'night'],
    ['ends at local midnight', '2026-12-25T23:00:00Z', 'day'],
  ])('%s', (_, moment, rights) => {
    expect(rightsAt(office, moment).rights.name).toBe(rights)
  })
})

describe('the night in which clocks are set', () => {
  test.each([
    // Forward on 29 March 2026 at 02:00 = 01:00 UTC: 03:00 follows 01:59.
    ['{ hours: { sun: "01:00-02:00" } }', '2026-03-29T00:59:00Z', 'day'],
    ['{ hours: { sun: "01:00-02:00" } }', '2026-03-29T01:00:00Z', 'night'],
    ['{ hours: { sun: "02:00-03:00" } }', '2026-03-29T01:00:00Z', 'night'],
    ['{ hours: { sun: "03:00-04:00" } }', '2026-03-29T01:00:00Z', 'day'],
    ['{ hours: { sat: "22:00-06:00" } }', '2026-03-29T03:59:00Z', 'day'],
    ['{ hours: { sat: "22:00-06:00" } }', '2026-03-29T04:00:00Z', 'night'],
    // Back on 25 October 2026 at 03:00 = 01:00 UTC: 02:00 follows 02:59.
    ['{ hours: { sun: "02:00-03:00" } }', '2026-10-24T23:59:00Z', 'night'],
    ['{ hours: { sun: "02:00-03:00" } }', '2026-10-25T00:00:00Z', 'day'],
    ['{ hours: { sun: "02:00-03:00" } }', '2026-10-25T01:59:00Z', 'day'],
    ['{ hours: { sun: "02:00-03:00" } }', '2026-10-25T02:00:00Z', 'night'],
    ['{ hours: { sat: "22:00-06:00" } }', '2026-10-25T04:59:00Z', 'day'],
    ['{ hours: { sat: "22:00-06:00" } }', '2026-10-25T05:00:00Z', 'night'],
  ])('%s at %s: %s', (office, moment, rights) => {
    expect(rightsAt(office, moment).rights.name).toBe(rights)
  })

  test('the hour that occurs twice ends as late in New York', () => {
    // Back on 1 November 2026 at 02:00 = 06:00 UTC.
    const office = '{ hours: { sun: "01:00-02:00" } }'
    expect(rightsAt(office, '2026-11-01T05:30:00Z', 'America/New_York').rights.name).toBe('day')
    expect(rightsAt(office, '2026-11-01T06:30:00Z', 'America/New_York').rights.name).toBe('day')
    expect(rightsAt(office, '2026-11-01T07:00:00Z', 'America/New_York').rights.name).toBe('night')
  })
})
