import type { Milliseconds } from '../../base/clock.js'
import type { Extension, SiteName } from '../../base/identity.js'
import { createDaily } from './daily-time.js'

/** When a login ends without anybody's doing; null: not for that reason. */
export interface AutomaticLogout {
  /** Its phones follow these rules, wherever they are registered. */
  readonly site: SiteName
  /** So long after the login. */
  readonly maxTimeMs: Milliseconds | null
  /** So long after the login or the end of the last call, whichever is later. */
  readonly idleTimeMs: Milliseconds | null
  /** At this time of day, by the clocks of the site. */
  readonly daily: { readonly hour: number; readonly minute: number; readonly timezone: string } | null
}

type DueReason = 'max-time' | 'idle-time' | 'daily' | 'home-lost' | 'home-return'

export interface Due {
  readonly at: Milliseconds
  readonly reason: DueReason
  /** Since when the user's home is lost, or is back; left out where that is not the reason. */
  readonly home?: Milliseconds
}

/** What a phone's record says of the login there. */
export interface Stay {
  readonly since: Milliseconds
  readonly lastCall: Milliseconds | null
}

/** Somebody at a phone. */
export interface Sitting extends Stay {
  readonly extension: Extension
  /** Of the phone. */
  readonly site: string
}

/** Says when a login ends without anybody's doing. */
export interface LogoutRule {
  /** False: it ends none at the moment. */
  readonly isInForce: boolean
  dueOf(sitting: Sitting): readonly Due[]
}

/** The rule of a site for its own phones. */
export function siteRule(automaticLogout: AutomaticLogout): LogoutRule {
  const dueOf = dueBy(automaticLogout)
  return { isInForce: true, dueOf: (sitting) => (sitting.site === automaticLogout.site ? dueOf(sitting) : []) }
}

/** Answers for each stay when it ends by each of the rules, the first first. */
export function dueBy({ maxTimeMs, idleTimeMs, daily }: AutomaticLogout): (stay: Stay) => readonly Due[] {
  const nextDaily = daily && createDaily(daily)
  return ({ since, lastCall }) => {
    const ends: Due[] = []
    if (maxTimeMs !== null) ends.push({ at: since + maxTimeMs, reason: 'max-time' })
    if (idleTimeMs !== null) ends.push({ at: Math.max(since, lastCall ?? since) + idleTimeMs, reason: 'idle-time' })
    if (nextDaily !== null) ends.push({ at: nextDaily(since), reason: 'daily' })
    return ends.sort((one, other) => one.at - other.at)
  }
}
