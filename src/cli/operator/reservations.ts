import { dirname, join } from 'node:path'
import { isAppError } from '../../base/errors.js'
import type { Extension, SiteName } from '../../base/identity.js'
import type { Config } from '../../config/config.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Directory, User } from '../../directory/directory.js'
import { readDialplan } from '../settings.js'
import { plannedSites } from './site-overview.js'

/** Why no user in the network may have this extension; null if one may. */
export type Reserved = (extension: Extension) => string | null

/** Checks the dial plan of this site and those of other sites on this machine. */
export function reservedBy(dialplan: Pick<Dialplan, 'reserved'>, config: Config): Reserved {
  const others = plannedSites(config).flatMap((site) => planAt(site, config) ?? [])
  return (extension) => {
    for (const plan of [dialplan, ...others]) {
      const reason = plan.reserved(extension)
      if (reason !== null) return reason
    }
    return null
  }
}

/** The dial plan of a site on this machine; null if there is none, or it is invalid, which `hotdesk check` reports at its own site. */
export function planAt(site: SiteName, config: Config): Dialplan | null {
  const dialplan = site === config.site ? config.dialplan : join(dirname(config.dialplan), `${site}.yaml`)
  try {
    return readDialplan({ site, dialplan })
  } catch (fault) {
    if (isAppError(fault, 'DIALPLAN_INVALID')) return null
    throw fault
  }
}

/** Users with a reserved extension, assigned earlier or by hand, each with the reason. */
export function reservedUsers(directory: Pick<Directory, 'users' | 'sites'>, reserved: Reserved): readonly (readonly [User, string])[] {
  const bySites = new Map<string, string>(
    directory.sites().flatMap(({ id, emergency }) => emergency.map((number) => [number, id] as const)),
  )
  return directory.users().flatMap((user) => {
    const site = bySites.get(user.extension)
    const reason = reserved(user.extension) ?? (site === undefined ? null : `${user.extension} is an emergency number of ${site}`)
    return reason === null ? [] : [[user, reason] as const]
  })
}
