import type { Milliseconds } from '../../base/clock.js'
import type { SiteName } from '../../base/identity.js'
import type { Directory, Site } from '../../directory/directory.js'
import type { Due, LogoutRule, Sitting } from './logout-due.js'

/** Who has come home goes there only when home has held so long. */
const stableMs: Milliseconds = 10 * 60_000

/**
 * What the loss of a site and its return do to its people who sit at phones of other sites. Those at its own phones are left alone: a
 * site that is cut off from Redis still serves them.
 */
export function homeRule(directory: Directory): LogoutRule & { close(): void } {
  /** Few sites are lost or have been. */
  let homes: ReadonlyMap<SiteName, Site> = homesIn(directory)
  const stop = directory.onSiteChange(() => {
    homes = homesIn(directory)
  })
  return {
    get isInForce() {
      return homes.size > 0
    },
    dueOf(sitting) {
      const user = directory.user(sitting.extension)
      const home = user && homes.get(user.home)
      return home && home.id !== sitting.site ? dueAt(home, sitting) : []
    },
    close: stop,
  }
}

function homesIn(directory: Directory): ReadonlyMap<SiteName, Site> {
  const sites = directory.sites().filter(({ lost, back, homeReturn }) => lost !== null || (back !== null && homeReturn === 'return'))
  return new Map(sites.map((site) => [site.id, site]))
}

function dueAt({ lost, back, homeLostLogoutMs, homeReturn }: Site, { since }: Sitting): readonly Due[] {
  // Whoever has logged in since then knows, and has the whole time as well.
  if (lost !== null)
    return homeLostLogoutMs === null ? [] : [{ at: Math.max(lost, since) + homeLostLogoutMs, reason: 'home-lost', home: lost }]
  // Whoever has logged in since then has chosen this phone with their home at work.
  return homeReturn === 'return' && back !== null && since < back ? [{ at: back + stableMs, reason: 'home-return', home: back }] : []
}
