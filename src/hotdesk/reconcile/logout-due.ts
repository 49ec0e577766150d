import type { Milliseconds } from '../../base/clock.js'
import type { Extension, SiteName } from '../../base/identity.js'
import { createDaily } from './daily-time.js'

/** When a login ends automatically; null: not for that reason. */
export interface AutomaticLogout {
  /** The site whose phones follow these rules, wherever they are registered. */
  readonly site: SiteName
  /** Time since the login. */
  readonly maxTimeMs: Milliseconds | null
  /** Time since the login or the end of the last call, whichever is later. */
  readonly idleTimeMs: Milliseconds | null
  /** Time of day at the site. */
  readonly daily: { readonly hour: number; readonly minute: number; readonly timezone: string } | null
}

type DueReason = 'max-time' | 'idle-time' | 'daily' | 'home-lost' | 'home-return'

export interface Due {
  readonly at: Milliseconds
  readonly reason: DueReason
  /** When the user's home site was lost, or came back; absent for other reasons. */
  readonly home?: Milliseconds
}

/** Times of a login, from the phone's record. */
export interface LoginTimes {
  readonly since: Milliseconds
  readonly lastCall: Milliseconds | null
}

/** A user logged in at a phone. */
export interface CurrentLogin extends LoginTimes {
  readonly extension: Extension
  /** The phone's site. */
  readonly site: string
}

/** Decides when a login ends automatically. */
export interface LogoutRule {
  /** False: the rule ends no login at present. */
  readonly isInForce: boolean
  dueOf(login: CurrentLogin): readonly Due[]
}

/** The rule of a site for its own phones. `current` changes when the dial plan is reloaded. */
export function siteRule(current: () => AutomaticLogout | null): LogoutRule {
  let known: AutomaticLogout | null = null
  let dueOf: (times: LoginTimes) => readonly Due[] = () => []
  return {
    get isInForce() {
      return current() !== null
    },
    dueOf(login) {
      const rules = current()
      if (rules !== known) dueOf = rules === null ? () => [] : dueBy(rules)
      known = rules
      return login.site === rules?.site ? dueOf(login) : []
    },
  }
}

/** When a login ends, for each reason that applies, earliest first. */
export function dueBy({ maxTimeMs, idleTimeMs, daily }: AutomaticLogout): (times: LoginTimes) => readonly Due[] {
  const nextDaily = daily && createDaily(daily)
  return ({ since, lastCall }) => {
    const ends: Due[] = []
    if (maxTimeMs !== null) ends.push({ at: since + maxTimeMs, reason: 'max-time' })
    if (idleTimeMs !== null) ends.push({ at: Math.max(since, lastCall ?? since) + idleTimeMs, reason: 'idle-time' })
    if (nextDaily !== null) ends.push({ at: nextDaily(since), reason: 'daily' })
    return ends.sort((one, other) => one.at - other.at)
  }
}
