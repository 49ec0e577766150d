import type { Config } from '../../config/config.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Directory, User } from '../../directory/directory.js'
import { listed, siteWarnings } from '../operator/site-warnings.js'

/** Something that works, but not as its name says. */
export interface Doubt {
  readonly says: string
  /** The next step. */
  readonly todo: string
}

export function doubtText({ says, todo }: Doubt): string {
  return `${says}; ${todo}`
}

/** Names in the dial plan of users and sites that do not exist. */
export function planDoubts(
  { references, site }: Dialplan,
  directory: Pick<Directory, 'users' | 'nodes' | 'sites'>,
  config: Config,
): readonly Doubt[] {
  const { breakOuts, users, emergencyForwards } = references
  const present = directory.users()
  return [
    ...breakOuts.flatMap(({ code, site: to }) =>
      siteWarnings([to], directory, config).map((warning) => ({
        says: `short code ${code} breaks out to an ${warning}`,
        todo: `or correct breakOut: ${to}`,
      })),
    ),
    // A network without users is not set up yet.
    ...users.flatMap(({ key, target, isOf }) =>
      present.length === 0 || present.some(({ extension }) => isOf(extension))
        ? []
        : [{ says: `${key} of ${site} leads to ${target}, which no user has`, todo: 'correct it, or add the user: hotdesk user add' }],
    ),
    ...emergencyForwards.map(({ code, target, number }) => ({
      says: `short code ${code} forwards to ${target}, which may be the emergency number ${number}: such a call is refused`,
      todo: 'exclude it from the pattern; a code for an emergency number belongs under emergency',
    })),
  ]
}

/** A plan whose country is not known, although it leads outside. */
export function countryDoubts({ numbers, route, outside, site }: Dialplan): readonly Doubt[] {
  if (numbers.country !== null) return []
  const leads = ['00442079460123', '01144207946012', '+442079460123'].some((number) => {
    const digits = number.startsWith('+') ? number : `${outside}${number}`
    return route(digits).kind === 'outside'
  })
  if (!leads) return []
  return [
    {
      says: `the country of ${site} is not known: numbers abroad have the class other, so rights for international numbers do not bar them`,
      todo: 'set country, such as country: FR',
    },
  ]
}

export type NamedUser = Pick<User, 'extension' | 'home' | 'rights' | 'outOfHoursRights' | 'timeProfile' | 'profile'>

/** Names in the records of the site's own users that its dial plan does not define. */
export function nameDoubts(users: readonly NamedUser[], { site, rights, profiles }: Dialplan): readonly Doubt[] {
  const byName = new Map<string, string[]>()
  for (const user of users.filter(({ home }) => home === site)) {
    const { profile, extension } = user
    const unknownProfile = profile === null || profiles.profiles.has(profile) ? [] : [`profiles ${profile}`]
    for (const name of new Set([...rights.undefinedNames(user), ...unknownProfile]))
      byName.set(name, [...(byName.get(name) ?? []), extension])
  }
  return Array.from(byName, ([name, extensions]) => {
    const [key = '', word = ''] = name.split(' ')
    return {
      says: `${listed(extensions)}: the dial plan of ${site} has no ${word} under ${key}`,
      todo: `define it there, or correct the user: hotdesk user set`,
    }
  })
}
