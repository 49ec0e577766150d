import type { Milliseconds } from '../../base/clock.js'
import type { SiteName } from '../../base/identity.js'
import type { Directory, Site } from '../../directory/directory.js'
import type { CurrentLogin, Due, LogoutRule } from './logout-due.js'

/** How long a home site must be back before its users are logged out elsewhere. */
const stableMs: Milliseconds = 10 * 60_000

/**
 * What the loss of a site and its return mean for its users at phones of other sites. Users at its own phones are not affected: a site that
 * is cut off from Redis still serves them.
 */
export function homeRule(directory: Directory): LogoutRule & { close(): void } {
  /** Sites that are lost, or are back and log out their users elsewhere. Usually few. */
  let homes: ReadonlyMap<SiteName, Site> = homesIn(directory)
  const stop = directory.onSiteChange(() => {
    homes = homesIn(directory)
  })
  return {
    get isInForce() {
      return homes.size > 0
    },
    dueOf(login) {
      const user = directory.user(login.extension)
      const home = user && homes.get(user.home)
      return home && home.id !== login.site ? dueAt(home, login) : []
    },
    close: stop,
  }
}

function homesIn(directory: Directory): ReadonlyMap<SiteName, Site> {
  const sites = directory.sites().filter(({ lost, back, homeReturn }) => lost !== null || (back !== null && homeReturn === 'return'))
  return new Map(sites.map((site) => [site.id, site]))
}

function dueAt({ lost, back, homeLostLogoutMs, homeReturn }: Site, { since }: CurrentLogin): readonly Due[] {
  // A user who has logged in since the loss gets the full time.
  if (lost !== null)
    return homeLostLogoutMs === null ? [] : [{ at: Math.max(lost, since) + homeLostLogoutMs, reason: 'home-lost', home: lost }]
  // A user who has logged in since the return has chosen this phone while their home site was up.
  return homeReturn === 'return' && back !== null && since < back ? [{ at: back + stableMs, reason: 'home-return', home: back }] : []
}
