import type { z } from 'zod'
import { block, blockOf, form, isBlock, listOf, type ParsedFile, type Problem } from '../../config/yaml/yaml-schema.js'
import { parseRightsName } from '../../directory/directory.js'
import { type Pattern, parsePattern } from '../pattern.js'
import { featureName } from './profile-keys.js'
import { lampRights, type NumberClass, numberClasses } from './rights.js'
import { parseDate, parseDays, parseSpan } from './time-profile.js'

const name = form('a name of letters, digits and -, such as manager', parseRightsName)
const yesOrNo = form('yes or no', (found) => (found === 'yes' ? true : found === 'no' ? false : null), { enum: ['yes', 'no'] })

/** One entry of `allow` or `bar`. */
const numbers = form(`one of ${numberClasses.join(', ')}, or a pattern of numbers such as +1900.`, parseNumbers)

function parseNumbers(text: string): NumberClass | Pattern | null {
  return numberClasses.find((word) => word === text) ?? parsePattern(text)
}

const hours = listOf(form('hours such as 08:00-18:00', parseSpan))

/** What users may call if the plan does not say otherwise. Numbers abroad and premium numbers are what a fraudster calls. */
export const usuallyAllowed = ['internal', 'national', 'mobile', 'other'] as const satisfies readonly NumberClass[]

const count = form('a number from 1 to 1000000', (found) => (/^[1-9][0-9]{0,5}$|^1000000$/.test(found) ? Number(found) : null))

/** `limits` of rights and of a site. */
const limits = block({
  callsAtOnce: count.optional().describe('Calls outside at the same time.'),
  callsPerMinute: count.optional().describe('Calls outside a minute.'),
  minutesPerDay: count.optional().describe('Minutes of calls outside a day.'),
})

const definition = block({
  allow: listOf(numbers)
    .prefault([...usuallyAllowed])
    .describe('Classes and patterns of numbers that may be called.'),
  bar: listOf(numbers).prefault([]).describe('Classes and patterns that may not.'),
  forwardOutside: yesOrNo.prefault('yes').describe('Whether forwards may lead outside.'),
  transferOutside: yesOrNo.prefault('yes').describe('Whether transfers may lead outside.'),
  breakOut: yesOrNo.prefault('yes').describe('Whether break-out to other sites is allowed.'),
  lamps: form(`one of ${lampRights.join(', ')}`, (text) => lampRights.find((word) => word === text) ?? null, { enum: lampRights })
    .prefault('caller')
    .describe('What lamps of colleagues show: `none`, their `state`, or also the `caller` while a phone rings.'),
  features: listOf(featureName).optional().describe('Features that may be used. Default: all. `[]`: none.'),
  limits: limits.prefault({}).describe('Limits of one user.'),
})

const timeProfile = block({
  hours: blockOf(
    form('a day or days such as mon-fri', (text) => (parseDays(text) ? text : null)),
    hours,
  )
    .prefault({})
    .describe('Day or days → hours.'),
  dates: blockOf(form('a date such as 2026-12-24, or 12-25 for every year', parseDate), hours)
    .prefault({})
    .describe('Date → hours of that day, instead of those of its weekday.'),
})

/** `rights`, `unknownRights`, `timeProfiles` and `limits` of a dial plan. */
export const rightsKeys = {
  rights: blockOf(name, definition).prefault({}).describe('What users may call, by the name in their record.'),
  unknownRights: form('default or none', (found) => (found === 'default' || found === 'none' ? found : null), { enum: ['default', 'none'] })
    .prefault('default')
    .describe('Rights of a user whose rights the site does not define.'),
  timeProfiles: blockOf(name, timeProfile).prefault({}).describe('Hours, by the name in the record of a user. Needs `timezone`.'),
  limits: limits.prefault({}).describe('Limits of the site.'),
}

export type WrittenRights = z.output<typeof definition>
export type WrittenLimits = z.output<typeof limits>
export type WrittenTimeProfile = z.output<typeof timeProfile>

/** Hours mean nothing without a time zone. */
export function timeProfileChecks(written: ParsedFile): Problem[] {
  const { timezone, timeProfiles } = isBlock(written.value) ? written.value : {}
  if (timezone !== undefined || timeProfiles === undefined) return []
  const message = 'needs timezone as well, such as timezone: Europe/Paris'
  return [{ place: written.placeOf(['timeProfiles']), key: 'timeProfiles', message }]
}
