import { isIP } from 'node:net'
import type { z } from 'zod'
import { parseExtension, parseSiteName } from '../base/identity.js'
import { languages, parseLanguage } from '../base/language.js'
import { Secret } from '../base/secret.js'
import { type JsonSchema, jsonSchemaOf } from '../config/yaml/json-schema.js'
import {
  block,
  blockOf,
  form,
  isBlock,
  itemsOf,
  keyText,
  listOf,
  type ParsedFile,
  type Path,
  type Problem,
  quote,
  secretForm,
  shownKey,
} from '../config/yaml/yaml-schema.js'
import { globalEmergencyNumbers } from '../sip/uri/dialled.js'
import { parseCode } from './codes.js'
import { defaultCodes } from './conflicts.js'
import { logoutKeys } from './logout-rules.js'
import { parseCountry } from './numbers/country.js'
import { withoutPlus } from './numbers/dids.js'
import { numberFormKeys } from './numbers/number-form.js'
import { parsePattern, wildcards } from './pattern.js'
import { profileKeys } from './rights/profile-keys.js'
import { rightsKeys } from './rights/rights-keys.js'
import { callerNumber, parseTelephone, prependedDigits, strippedDigits, telephoneHint, telephoneWords, trunkNames } from './route-fields.js'
import { breakOutMenuKey } from './short-codes/break-out-menu.js'
import { shortCodesKey } from './short-codes/short-code.js'
import { registrationKeys, serverUri, yesOrNo } from './trunks/registration-keys.js'
import { trunkIdentityKeys } from './trunks/trunk-identity-keys.js'
import { trunkLimitKeys } from './trunks/trunk-limit-keys.js'
import { voicemailKeys } from './voicemail.js'

const code = form('a code that begins with * or #, such as *77*', parseCode, { pattern: '^[*#][0-9*#]{1,14}$' })
const pattern = form('a pattern of digits, *, #, +, X, Z, N and a last .', parsePattern, { pattern: '^[0-9*#+XZN ().-]*$' })
/** With visual separators, which are removed before. */
const openDigits = { pattern: '^[0-9*#+XZN ().-]{1,60}$' }
const closedPattern = form('a number, with X where a digit is open', (text) => (text.endsWith('.') ? null : parsePattern(text)), openDigits)
const didNumber = form(
  'a number, with X where a digit is open',
  (found) => (!found.endsWith('.') && parsePattern(found) ? found : null),
  openDigits,
)
const shortNumber = form('an emergency number of 2 to 8 digits', (text) => (/^[0-9]{2,8}$/.test(text) ? text : null), {
  pattern: '^[0-9 ().-]{2,20}$',
})
const text = form('a text', (found) => (found === '' ? null : found))

const location = secretForm('pidf-lo or none', (found) => (found === 'pidf-lo' || found === 'none' ? found : null), {
  enum: ['pidf-lo', 'none'],
})

const trusts = ['none', 'callers', 'full'] as const
const trust = secretForm('none, callers or full', (found) => trusts.find((word) => word === found) ?? null, { enum: trusts })

const diversions = ['none', 'diversion', 'history-info', 'both'] as const
const diversion = secretForm('none, diversion, history-info or both', (found) => diversions.find((word) => word === found) ?? null, {
  enum: diversions,
})

const forwardedCallers = ['caller', 'forwarder'] as const
const forwardedCaller = secretForm('caller or forwarder', (found) => forwardedCallers.find((word) => word === found) ?? null, {
  enum: forwardedCallers,
})

// Error messages quote nothing of this block, because any value may be a misplaced password.
const trunk = block({
  enabled: yesOrNo.prefault('yes').describe('`no`: the trunk neither makes nor takes calls.'),
  uri: serverUri.describe('Where calls go.'),
  from: listOf(secretForm('an IP address', (found) => (isIP(found) ? found : null)))
    .optional()
    .describe('Source addresses of its calls. Default: the address in `uri`.'),
  username: text.optional().describe('Our account, if the trunk asks for credentials.'),
  password: secretForm('a password', (found) => (found === '' ? null : new Secret(found)))
    .optional()
    .describe('The password of the account.'),
  callerId: secretForm(telephoneWords, parseTelephone, telephoneHint)
    .optional()
    .describe('The number shown for users without one of their own.'),
  ping: secretForm('seconds between two OPTIONS, 5 to 3600', (found) =>
    /^[0-9]{1,4}$/.test(found) && Number(found) >= 5 && Number(found) <= 3600 ? Number(found) : null,
  )
    .optional()
    .describe('Interval of OPTIONS requests. Default: none are sent.'),
  location: location.prefault('none').describe('`pidf-lo`: emergency calls carry the location of the phone.'),
  alertInfo: yesOrNo.prefault('no').describe('`yes`: Alert-Info and Call-Info of its calls pass to phones, which may auto-answer.'),
  trust: trust.prefault('callers').describe('Trust in P-Asserted-Identity.'),
  ...numberFormKeys,
  diversion: diversion.prefault('diversion').describe('Headers that report forwards.'),
  forwardedCaller: forwardedCaller.prefault('caller').describe('The caller that a forwarded call shows.'),
  ...registrationKeys,
  ...trunkIdentityKeys,
  ...trunkLimitKeys,
})
  .refine(({ username, password }) => (username === undefined) === (password === undefined), 'username and password belong together')
  .refine(({ username, register }) => !register || username !== undefined, 'register: yes needs username and password')

const route = block({
  match: pattern.describe('The numbers of this route, without the outside prefix.'),
  trunks: trunkNames.describe('Trunks in the order in which they are tried.'),
  strip: strippedDigits.prefault('0').describe('Number of leading digits to remove.'),
  prepend: prependedDigits.prefault('').describe('Digits to prepend.'),
  callerId: callerNumber.optional().describe("Caller number on this route. Default: the user's own, else the trunk's."),
})

function parseParkSeconds(found: string): number | null {
  const seconds = /^[0-9]{1,4}$/.test(found) ? Number(found) : 0
  return seconds >= 1 && seconds <= 3_600 ? seconds : null
}

/** How the emergency desk is informed. */
const deskNotices = ['message', 'call', 'both'] as const

/** `dialplans/<site>.yaml` */
export const planFile = block({
  site: form('a name of small letters, digits and -', parseSiteName, { pattern: '^[a-z][a-z0-9-]{0,31}$' }).describe('Name of the site.'),
  country: form('a country by its two letters (ISO 3166), such as GB', parseCountry, { pattern: '^[A-Z]{2}$' })
    .optional()
    .describe('Country of the site, by which numbers are understood. Default: that of `elin`, `callerId` of a trunk, or `dids`.'),
  elin: callerNumber.optional().describe('Number shown to the emergency centre if the phone has none of its own.'),
  location: text.optional().describe('Location of the site, for emergency calls of a phone that is unknown or has no location.'),
  emergencyDesk: listOf(form('an extension, 1 to 15 digits', parseExtension, { pattern: '^[0-9]{1,15}$' }))
    .prefault([])
    .describe('Extensions that are informed of each emergency call of the site.'),
  emergencyDeskNotice: form('message, call or both', (found) => deskNotices.find((word) => word === found) ?? null, { enum: deskNotices })
    .prefault('message')
    .describe('How they are informed: by a text on the display, by a call that speaks, or by both.'),
  language: form(`one of ${languages.join(', ')}`, parseLanguage, { enum: languages })
    .optional()
    .describe('Language of prompts and phones, for users without one of their own.'),
  extensions: listOf(closedPattern).describe('Patterns of the extensions of all sites.'),
  outside: form('the digits for an outside line', (found) => (/^[0-9]{0,3}$/.test(found) ? found : null), { pattern: '^[0-9]{0,3}$' })
    .prefault('')
    .describe('Prefix for outside calls.'),
  codes: block({
    login: code.prefault(defaultCodes.login).describe('Login code, followed by the extension.'),
    logout: code.prefault(defaultCodes.logout).describe('Logout code.'),
    logoutEverywhere: code.optional().describe('Code that logs the user out at every phone. Default: the login code with `6*`.'),
  })
    .prefault({})
    .describe('Codes of hot desking.'),
  emergency: blockOf(shortNumber, shortNumber).prefault({}).describe('Dialled emergency number → number that is called from here.'),
  trunks: blockOf(text, trunk).prefault({}).describe('SIP trunks by name.'),
  routes: listOf(route).prefault([]).describe('Routes of outside calls. The first that matches counts.'),
  shortCodes: shortCodesKey,
  breakOutMenu: breakOutMenuKey,
  parkSeconds: form('seconds, 1 to 3600', parseParkSeconds, { pattern: '^[0-9]{1,4}$' })
    .prefault('120')
    .describe('A parked call rings the user who has parked it after this time.'),
  dids: blockOf(didNumber, closedPattern).prefault({}).describe('Direct number → extension. `X` stands for the same digit on both sides.'),
  alertInfo: listOf(closedPattern).prefault([]).describe('Patterns of extensions whose Alert-Info and Call-Info pass to other phones.'),
  ...voicemailKeys,
  ...logoutKeys,
  ...rightsKeys,
  ...profileKeys,
})

/** For editors: what `dialplans/<site>.yaml` may contain. */
export function dialplanSchema(): JsonSchema {
  return jsonSchemaOf(planFile, { title: 'hotdesk dial plan', description: 'The dial plan of one site, dialplans/<site>.yaml.' })
}

export type PlanFile = z.output<typeof planFile>

/** Checks across keys. Reads the text as written, so that other problems hide none of these. */
export function crossChecks(written: ParsedFile): Problem[] {
  const { trunks, routes, shortCodes, dids, emergency } = isBlock(written.value) ? written.value : {}
  const problem = (path: Path, message: string): Problem => ({ place: written.placeOf(path), key: keyText(path), message })
  const known = Object.keys(isBlock(trunks) ? trunks : {})
  const unknownTrunks = (path: Path, entry: unknown): Problem[] =>
    itemsOf(isBlock(entry) ? entry.trunks : [])
      .filter((name) => typeof name === 'string' && !known.includes(name))
      .map((name) =>
        problem([...path, 'trunks'], `no trunk is named ${quote(String(name))}; known here: ${known.map(shownKey).join(', ') || 'none'}`),
      )
  const stripsAll = (path: Path, match: unknown, entry: unknown): Problem[] =>
    leavesNothing(match, entry) ? [problem([...path, 'strip'], `removes more digits than ${quote(String(match))} has`)] : []
  const codes = Object.entries(isBlock(shortCodes) ? shortCodes : {})
  const unknown = [
    ...itemsOf(routes).flatMap((route, index) => unknownTrunks(['routes', index], route)),
    ...codes.flatMap(([code, action]) => unknownTrunks(['shortCodes', code], action)),
    ...itemsOf(routes).flatMap((route, index) => stripsAll(['routes', index], isBlock(route) ? route.match : '', route)),
    ...codes.flatMap(([code, action]) => stripsAll(['shortCodes', code], code, action)),
  ]
  const mismatched = Object.entries(isBlock(dids) ? dids : {})
    .filter(([key, extension]) => typeof extension === 'string' && !hasSameWildcards(key, extension))
    .map(([key, extension]) => problem(['dids', key], `needs as many open digits as ${quote(String(extension))}`))
  // A call from outside to an emergency number has come to the wrong place, and no user may show one as their own.
  const emergencyNumbers = new Set([...globalEmergencyNumbers, ...Object.keys(isBlock(emergency) ? emergency : {})])
  const emergencies = Object.keys(isBlock(dids) ? dids : {})
    .filter((key) => emergencyNumbers.has(withoutPlus(key)))
    .map((key) => problem(['dids', key], 'expected a direct number, found an emergency number'))
  return [...unknown, ...mismatched, ...emergencies]
}

/** Whether `strip` is more than a pattern of one length has, with its `+`. Removing exactly all, to call the number of `prepend`, is allowed. */
function leavesNothing(match: unknown, entry: unknown): boolean {
  const pattern = typeof match === 'string' ? parsePattern(match) : null
  return pattern !== null && !pattern.open && isBlock(entry) && Number(entry.strip ?? 0) > pattern.positions.length
}

/** True also if one of them is not a pattern, which the schema reports. */
function hasSameWildcards(key: string, extension: string): boolean {
  const [number, inside] = [parsePattern(withoutPlus(key)), parsePattern(extension)]
  return number === null || inside === null || wildcards(number) === wildcards(inside)
}
