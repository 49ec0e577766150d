import type { SiteName } from '../../base/identity.js'
import type { User } from '../contract.js'
import { type Entitlement, entitlements, noProfiles, type SiteProfiles } from './site-profiles.js'

/** Where a user with a profile does something. */
export interface ProfilePlace {
  /** The site that judges. */
  readonly site: SiteName
  readonly host: SiteProfiles
  /** Those of the user's home site, as its nodes report them; null: unknown. */
  readonly home: SiteProfiles | null
  /** `visiting`: the user is at a phone of the site, whose policy counts. `away`: the site only handles a call of the user. */
  readonly user: 'visiting' | 'away'
}

export interface ProfileVerdict {
  readonly isIncluded: boolean
  /** `profile office of paris does not include break-out` */
  readonly words: string
}

/** The profile that counts for a user at a site. */
export interface ProfileInForce {
  /** `profile office of paris`, or why another one or none counts */
  readonly words: string
  /** The profile in the user's record, if no site that counts defines it; null: one does. */
  readonly unknown: string | null
  readonly included: readonly Entitlement[]
  judge(entitlement: Entitlement): ProfileVerdict
}

/** Each entitlement in plain words. */
const named: Readonly<Record<Entitlement, string>> = {
  roaming: 'logins at other sites',
  outside: 'calls outside',
  'break-out': 'break-out',
  'pick-up': 'picking up calls',
  'do-not-disturb': 'do-not-disturb',
  forward: 'forwarding from the phone',
  transfer: 'transfers',
}

/** Null: the user has no profile, and is entitled to everything. */
export function profileInForce({ profile: name, home }: Pick<User, 'profile' | 'home'>, place: ProfilePlace): ProfileInForce | null {
  if (name === null) return null
  const { site, host } = place
  const isGuest = home !== site
  const here = host.profiles.get(name)
  if (isGuest && place.user === 'visiting' && host.policy === 'host-must-have')
    return here
      ? including(here, `profile ${name} of ${site}`)
      : { ...including([], `the profile ${name}, which visitors of ${site} must have and ${site} does not define,`), unknown: name }
  const there = isGuest ? (place.home ?? noProfiles).profiles.get(name) : undefined
  if (there) return including(there, `profile ${name} of ${home}`)
  if (here) return including(here, `profile ${name} of ${site}`)
  const because = `${isGuest ? `neither ${home} nor ${site} defines` : `${site} does not define`} the profile ${name}`
  const standard = host.profiles.get('default')
  if (standard) return { ...including(standard, `the profile default of ${site}, because ${because},`), unknown: name }
  return { ...including(entitlements, `a user without a profile (${because})`), unknown: name }
}

function including(included: readonly Entitlement[], words: string): ProfileInForce {
  return {
    words,
    unknown: null,
    included,
    judge(entitlement) {
      const isIncluded = included.includes(entitlement)
      return { isIncluded, words: `${words} ${isIncluded ? 'includes' : 'does not include'} ${named[entitlement]}` }
    },
  }
}
