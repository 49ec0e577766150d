import { isIP } from 'node:net'
import type { z } from 'zod'
import { parseExtension, parseSiteName } from '../base/identity.js'
import { Secret } from '../base/secret.js'
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
import { parseCode } from './codes.js'
import { defaultCodes } from './conflicts.js'
import { logoutKeys } from './logout-rules.js'
import { parseCountry } from './numbers/country.js'
import { numberFormKeys } from './numbers/number-form.js'
import { type Pattern, parsePattern, wildcards } from './pattern.js'
import { registrationKeys, serverUri } from './registration-keys.js'
import { rightsKeys } from './rights/rights-keys.js'
import { callerNumber, parseTelephone, prependedDigits, strippedDigits, telephoneWords, trunkName } from './route-fields.js'
import { shortCodesKey } from './short-codes/short-code.js'
import { voicemailKeys } from './voicemail.js'

const code = form('a code that begins with * or #, such as *77*', parseCode)
const pattern = form('a pattern of digits, *, #, +, X, Z, N and a last .', parsePattern)
const closedPattern = form('a number, with X where a digit is open', (text) => (text.endsWith('.') ? null : parsePattern(text)))
const didNumber = form('a number, with X where a digit is open', (found) => (!found.endsWith('.') && parsePattern(found) ? found : null))
const shortNumber = form('an emergency number of 2 to 8 digits', (text) => (/^[0-9]{2,8}$/.test(text) ? text : null))
const text = form('a text', (found) => (found === '' ? null : found))

const location = secretForm('pidf-lo or none', (found) => (found === 'pidf-lo' || found === 'none' ? found : null))

const trust = secretForm('none, callers or full', (found) => (['none', 'callers', 'full'] as const).find((word) => word === found) ?? null)

const diversions = ['none', 'diversion', 'history-info', 'both'] as const
const diversion = secretForm('none, diversion, history-info or both', (found) => diversions.find((word) => word === found) ?? null)

const forwardedCaller = secretForm(
  'caller or forwarder',
  (found) => (['caller', 'forwarder'] as const).find((word) => word === found) ?? null,
)

const yesOrNo = secretForm('yes or no', (found) => (found === 'yes' ? true : found === 'no' ? false : null))

// Error messages quote nothing of this block, because any value may be a misplaced password.
const trunk = block({
  enabled: yesOrNo.prefault('yes'),
  uri: serverUri,
  from: listOf(secretForm('an IP address', (found) => (isIP(found) ? found : null))).optional(),
  username: text.optional(),
  password: secretForm('a password', (found) => (found === '' ? null : new Secret(found))).optional(),
  callerId: secretForm(telephoneWords, parseTelephone).optional(),
  ping: secretForm('seconds between two OPTIONS, 5 to 3600', (found) =>
    /^[0-9]{1,4}$/.test(found) && Number(found) >= 5 && Number(found) <= 3600 ? Number(found) : null,
  ).optional(),
  location: location.prefault('none'),
  alertInfo: yesOrNo.prefault('no'),
  trust: trust.prefault('callers'),
  ...numberFormKeys,
  diversion: diversion.prefault('diversion'),
  forwardedCaller: forwardedCaller.prefault('caller'),
  ...registrationKeys,
})
  .refine(({ username, password }) => (username === undefined) === (password === undefined), 'username and password belong together')
  .refine(({ username, register }) => !register || username !== undefined, 'register: yes needs username and password')

const route = block({
  match: pattern,
  trunks: listOf(trunkName),
  strip: strippedDigits.prefault('0'),
  prepend: prependedDigits.prefault(''),
  callerId: callerNumber.optional(),
})

/** `dialplans/<site>.yaml` */
export const planFile = block({
  site: form('a name of small letters, digits and -', parseSiteName),
  country: form('a country by its two letters (ISO 3166), such as GB', parseCountry).optional(),
  elin: callerNumber.optional(),
  location: text.optional(),
  emergencyDesk: listOf(form('an extension, 1 to 15 digits', parseExtension)).prefault([]),
  extensions: listOf(closedPattern),
  outside: form('the digits for an outside line', (found) => (/^[0-9]{0,3}$/.test(found) ? found : null)).prefault(''),
  codes: block({ login: code.prefault(defaultCodes.login), logout: code.prefault(defaultCodes.logout) }).prefault({}),
  emergency: blockOf(shortNumber, shortNumber).prefault({}),
  trunks: blockOf(text, trunk).prefault({}),
  routes: listOf(route).prefault([]),
  shortCodes: shortCodesKey,
  dids: blockOf(didNumber, closedPattern).prefault({}),
  alertInfo: listOf(closedPattern).prefault([]),
  ...voicemailKeys,
  ...logoutKeys,
  ...rightsKeys,
})

export type PlanFile = z.output<typeof planFile>

/** A direct number and its extension, with the same wildcards. */
export interface Did {
  /** As the file writes the number. */
  readonly plus: '+' | ''
  readonly number: Pattern
  readonly extension: Pattern
}

export function didsOf({ dids }: Pick<PlanFile, 'dids'>): Did[] {
  return Object.entries(dids).flatMap(([key, extension]) => {
    const number = parsePattern(withoutPlus(key))
    return number ? [{ plus: key.startsWith('+') ? '+' : '', number, extension }] : []
  })
}

/** Trunks send a number with or without `+`. */
export function withoutPlus(number: string): string {
  return number.startsWith('+') ? number.slice(1) : number
}

/** Checks across keys. Reads the text as written, so that other problems hide none of these. */
export function crossChecks(written: ParsedFile): Problem[] {
  const { trunks, routes, shortCodes, dids } = isBlock(written.value) ? written.value : {}
  const problem = (path: Path, message: string): Problem => ({ place: written.placeOf(path), key: keyText(path), message })
  const known = Object.keys(isBlock(trunks) ? trunks : {})
  const unknownTrunks = (path: Path, entry: unknown): Problem[] =>
    itemsOf(isBlock(entry) ? entry.trunks : [])
      .filter((name) => typeof name === 'string' && !known.includes(name))
      .map((name) =>
        problem([...path, 'trunks'], `no trunk is named ${quote(String(name))}; known here: ${known.map(shownKey).join(', ') || 'none'}`),
      )
  const unknown = [
    ...itemsOf(routes).flatMap((route, index) => unknownTrunks(['routes', index], route)),
    ...Object.entries(isBlock(shortCodes) ? shortCodes : {}).flatMap(([code, action]) => unknownTrunks(['shortCodes', code], action)),
  ]
  const mismatched = Object.entries(isBlock(dids) ? dids : {})
    .filter(([key, extension]) => typeof extension === 'string' && !hasSameWildcards(key, extension))
    .map(([key, extension]) => problem(['dids', key], `needs as many open digits as ${quote(String(extension))}`))
  return [...unknown, ...mismatched]
}

/** True also if one of them is not a pattern, which the schema reports. */
function hasSameWildcards(key: string, extension: string): boolean {
  const [number, inside] = [parsePattern(withoutPlus(key)), parsePattern(extension)]
  return number === null || inside === null || wildcards(number) === wildcards(inside)
}
