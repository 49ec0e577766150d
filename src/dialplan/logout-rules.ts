import { IANAZone } from 'luxon'
import { type Milliseconds, parseDuration } from '../base/clock.js'
import { block, form, isBlock, type ParsedFile, type Problem } from '../config/yaml/yaml-schema.js'
import type { AutomaticLogout } from './route.js'

function parseTimeOfDay(text: string): { hour: number; minute: number } | null {
  const [, hour, minute] = /^([01]?[0-9]|2[0-3]):([0-5][0-9])$/.exec(text) ?? []
  return hour === undefined ? null : { hour: Number(hour), minute: Number(minute) }
}

const duration = form('a time such as 12h, 90m or 1h30m', parseDuration)

/** `timezone` and `automaticLogout` of a dial plan. */
export const logoutKeys = {
  timezone: form('a time zone such as Europe/Paris', (text) => (IANAZone.isValidZone(text) ? text : null))
    .optional()
    .describe('Time zone of the site.'),
  automaticLogout: block({
    maxTime: duration.optional().describe('A login ends this long after it began.'),
    idleTime: duration.optional().describe('A login ends this long after it began or the last call at the phone ended.'),
    daily: form('a time of day such as "20:00"', parseTimeOfDay).optional().describe('A login ends at this time of day. Needs `timezone`.'),
  })
    .prefault({})
    .describe('Logins that end automatically.'),
}

interface LogoutParts {
  readonly site: AutomaticLogout['site']
  readonly timezone?: string | undefined
  readonly automaticLogout: {
    readonly maxTime?: Milliseconds | undefined
    readonly idleTime?: Milliseconds | undefined
    readonly daily?: { readonly hour: number; readonly minute: number } | undefined
  }
}

/** Null if the file has no rule. */
export function logoutRules({ site, timezone, automaticLogout: { maxTime, idleTime, daily } }: LogoutParts): AutomaticLogout | null {
  if (maxTime === undefined && idleTime === undefined && daily === undefined) return null
  return {
    site,
    maxTimeMs: maxTime ?? null,
    idleTimeMs: idleTime ?? null,
    daily: daily && timezone ? { ...daily, timezone } : null,
  }
}

/** A time of day means nothing without a time zone. */
export function logoutChecks(written: ParsedFile): Problem[] {
  const { timezone, automaticLogout } = isBlock(written.value) ? written.value : {}
  if (timezone !== undefined || !isBlock(automaticLogout) || automaticLogout.daily === undefined) return []
  const message = 'needs timezone as well, such as timezone: Europe/Paris'
  return [{ place: written.placeOf(['automaticLogout', 'daily']), key: 'automaticLogout.daily', message }]
}
