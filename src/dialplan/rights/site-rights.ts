import type { Milliseconds } from '../../base/clock.js'
import type { SiteName } from '../../base/identity.js'
import { createPatternIndex } from '../numbers/pattern-index.js'
import type { Pattern } from '../pattern.js'
import type { Limits, NumberClass, NumberSet, Rights } from './rights.js'
import { usuallyAllowed, type WrittenLimits, type WrittenRights, type WrittenTimeProfile } from './rights-keys.js'
import { isInside, localTime, parseDays, type TimeProfile } from './time-profile.js'

/** The names in the record of a user. */
export interface RightsNames {
  readonly rights: string | null
  readonly outOfHoursRights: string | null
  readonly timeProfile: string | null
}

/** The rights that count now, and why. */
export interface RightsInForce {
  readonly rights: Rights
  /** `rights night of paris, because Sat 19:30 is outside office` */
  readonly words: string
  /** A name of the user's record that the site does not define; null: it defines all. */
  readonly unknown: string | null
}

/** The rights that one site defines. */
export interface SiteRights {
  /** Those that the plan defines, and `default`. */
  readonly all: readonly Rights[]
  /** For all calls outside of the site together. */
  readonly limits: Limits
  /** The time at the site, `2026-03-29 09:00`. */
  localAt(at: Milliseconds): string
  /** Names of this user that the site does not define: `rights manager`, `timeProfiles office`. */
  undefinedNames(user: RightsNames): readonly string[]
  /** Of a user of any site, at that moment. Null: a user without names. */
  inForce(user: RightsNames | null, at: Milliseconds): RightsInForce
}

interface RightsFile {
  readonly site: SiteName
  readonly timezone?: string | undefined
  readonly rights: Readonly<Record<string, WrittenRights>>
  readonly unknownRights: 'default' | 'none'
  readonly timeProfiles: Readonly<Record<string, WrittenTimeProfile>>
  readonly limits: WrittenLimits
}

const classesAlone = (classes: readonly NumberClass[]): NumberSet => ({ classes, patterns: [], first: () => null })
const usual: Rights = {
  name: 'default',
  allow: classesAlone(usuallyAllowed),
  bar: classesAlone([]),
  forwardOutside: true,
  transferOutside: true,
  breakOut: true,
  lamps: 'caller',
  features: null,
  limits: {},
}
/** Of users whom the site does not know, if `unknownRights` is `none`. */
const none: Rights = {
  name: 'none',
  allow: classesAlone(['internal']),
  bar: classesAlone([]),
  forwardOutside: false,
  transferOutside: false,
  breakOut: false,
  lamps: 'state',
  features: null,
  limits: {},
}

export function createSiteRights(file: RightsFile): SiteRights {
  const { site, timezone = 'UTC', unknownRights } = file
  const defined = new Map(Object.entries(file.rights).map(([name, written]) => [name, rightsOf(name, written)]))
  const profiles = new Map(Object.entries(file.timeProfiles).map(([name, written]) => [name, profileOf(name, written)]))
  const standard = defined.get('default') ?? usual

  const counting = (rights: Rights, because = ''): RightsInForce => ({
    rights,
    words: `${rights.name === 'default' ? 'default rights' : `rights ${rights.name}`} of ${site}${because}`,
    unknown: null,
  })

  function unknown(name: string, kind: string): RightsInForce {
    const because = `, because ${site} has no ${kind} ${name}`
    const answer = unknownRights === 'default' ? counting(standard, because) : { rights: none, words: `no rights outside${because}` }
    return { ...answer, unknown: name }
  }

  function named(name: string | null, because = ''): RightsInForce {
    if (name === null) return counting(standard, because)
    const rights = defined.get(name)
    return rights ? counting(rights, because) : unknown(name, 'rights')
  }

  return {
    all: [standard, ...[...defined.values()].filter((rights) => rights !== standard)],
    limits: limitsOf(file.limits),
    localAt: (at) => localTime(at, timezone).toFormat('yyyy-MM-dd HH:mm'),
    undefinedNames({ rights, outOfHoursRights, timeProfile }) {
      const names = [rights, outOfHoursRights].filter((name) => name !== null && name !== 'default' && !defined.has(name))
      const hours = timeProfile === null || profiles.has(timeProfile) ? [] : [`timeProfiles ${timeProfile}`]
      return [...names.map((name) => `rights ${name}`), ...hours]
    },
    inForce(user, at) {
      if (user === null) return counting(standard)
      if (user.timeProfile === null) return named(user.rights)
      const profile = profiles.get(user.timeProfile)
      if (!profile) return unknown(user.timeProfile, 'time profile')
      const local = localTime(at, timezone)
      const when = local.toFormat('ccc HH:mm')
      return isInside(profile, local)
        ? named(user.rights, `, because ${when} is inside ${profile.name}`)
        : named(user.outOfHoursRights, `, because ${when} is outside ${profile.name}`)
    },
  }
}

function rightsOf(name: string, { allow, bar, features, limits, ...uses }: WrittenRights): Rights {
  return { name, allow: setOf(allow), bar: setOf(bar), features: features ?? null, limits: limitsOf(limits), ...uses }
}

function limitsOf(written: WrittenLimits): Limits {
  return Object.fromEntries(Object.entries(written).filter(([, limit]) => limit !== undefined))
}

function setOf(entries: WrittenRights['allow']): NumberSet {
  const patterns = entries.filter((entry): entry is Pattern => typeof entry !== 'string')
  const first = createPatternIndex(patterns, (pattern) => pattern)
  return { classes: entries.filter((entry) => typeof entry === 'string'), patterns, first }
}

function profileOf(name: string, { hours, dates }: WrittenTimeProfile): TimeProfile {
  const week = Array.from({ length: 7 }, (_, day) =>
    Object.entries(hours).flatMap(([days, spans]) => (parseDays(days)?.includes(day) ? spans : [])),
  )
  return { name, week, dates: new Map(Object.entries(dates)) }
}
