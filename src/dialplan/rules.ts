import { isIP } from 'node:net'
import { parseExtension } from '../base/identity.js'
import { emergencyDigits, globalEmergencyNumbers } from '../sip/uri/dialled.js'
import { codesOf, readCode, reservedBy } from './codes.js'
import { emergencyNumbersOf } from './emergency-numbers.js'
import { logoutRules } from './logout-rules.js'
import { countryOfNumbers } from './numbers/country.js'
import { callerIdOf, createDidLookup, didsOf } from './numbers/dids.js'
import { publishedDids } from './numbers/network-dids.js'
import { numberFormsOf } from './numbers/number-form.js'
import { createNumberPlan } from './numbers/number-plan.js'
import { createOutsideRoutes, type OutsideRoutes } from './outside-route.js'
import { begins, matches, type Pattern, parsePattern } from './pattern.js'
import type { PlanFile } from './plan-file.js'
import { referencesOf } from './plan-references.js'
import { siteProfiles } from './rights/profile-keys.js'
import { createSiteRights } from './rights/site-rights.js'
import type { Dialplan, Route, Trunk } from './route.js'
import { createBreakOutCode } from './short-codes/break-out-code.js'
import { breakOutMenuOf } from './short-codes/break-out-menu.js'
import { createCodeLookup } from './short-codes/code-lookup.js'
import { phoneCodesOf } from './short-codes/phone-codes.js'
import { registrationOf } from './trunks/registration-keys.js'
import { trunkIdentityOf } from './trunks/trunk-identity-keys.js'
import { trunkLimitsOf } from './trunks/trunk-limit-keys.js'
import { voicemailOf } from './voicemail.js'

/** The rules of a valid file. Precedence: emergency, codes, short codes, users, outside. */
export function createRules(file: PlanFile): Omit<Dialplan, 'fingerprint'> {
  const [on, off] = divide(Object.entries(file.trunks), ([, { enabled }]) => enabled)
  const trunks = on.map(([name, trunk]) => trunkOf(name, trunk))
  const emergencyTrunks = emergencyTrunksOf(file, trunks)
  const { dialled: emergencies, sent, behindCodes } = emergencyNumbersOf(file)
  const dids = didsOf(file)
  const didIn = createDidLookup(dids)
  const codes = codesOf(file.codes)

  const emergency = (digits: string): string | null => emergencies.get(emergencyDigits(digits)) ?? null
  const emergencyRoute = (number: string): Route => ({ kind: 'emergency', number, trunks: emergencyTrunks })

  const numbers = createNumberPlan(file.country ?? countryOfNumbers(file))
  const outsideTo = createOutsideRoutes({ trunks, numbers })
  const numberRoute = (digits: string): Route => userRoute(file, digits) ?? outsideRoute(file, outsideTo, digits) ?? { kind: 'unknown' }
  const forwardRoute = (digits: string): Route => (emergency(digits) === null ? numberRoute(digits) : { kind: 'unknown' })
  const shortCode = createCodeLookup({ shortCodes: file.shortCodes, outsideTo, forwardRoute })

  function routeOf(digits: string): Route {
    const number = emergency(digits)
    if (number !== null) return emergencyRoute(number)
    const bare = withoutHash(digits)
    return withHelp(readCode(codes, digits) ?? shortCode(bare) ?? shortCode(digits) ?? numberRoute(bare))
  }

  /** `*9112`, of which a trunk would get 112, is an emergency call. */
  function withHelp(route: Route): Route {
    const number = route.kind === 'outside' ? sent.get(emergencyDigits(route.number)) : undefined
    return number === undefined ? route : emergencyRoute(number)
  }

  let last: { readonly digits: string; readonly route: Route } | null = null

  /** A call asks several times for the same digits. */
  function route(digits: string): Route {
    if (last?.digits !== digits) last = { digits, route: routeOf(digits) }
    return last.route
  }

  return {
    site: file.site,
    elin: file.elin ?? null,
    location: file.location ?? null,
    emergencyDesk: file.emergencyDesk,
    emergencyDeskNotice: file.emergencyDeskNotice,
    trunks,
    emergencyTrunks,
    disabledTrunks: off.map(([name]) => name),
    codes,
    timezone: file.timezone ?? null,
    language: file.language ?? null,
    phoneCodes: phoneCodesOf({ ...file, codes }),
    voicemail: voicemailOf(file, trunks),
    outside: file.outside,
    rights: createSiteRights(file),
    profiles: siteProfiles(file),
    automaticLogout: logoutRules(file),
    references: referencesOf(file),
    announcements: Object.values(file.shortCodes).flatMap(({ announcement }) => announcement ?? []),
    emergency,
    emergencyNumbers: [...emergencies.keys()],
    emergencyDialled: behindCodes,
    breakOut: breakOutMenuOf(file.breakOutMenu, [...emergencies.keys()]),
    parkMs: file.parkSeconds * 1_000,
    breakOutCode: createBreakOutCode({ site: file.site, shortCodes: file.shortCodes, route }),
    beginsExtension: (digits) => file.extensions.some((pattern) => isBeginning(digits, pattern)),
    route,
    numbers,
    did: (number) => didIn([number]) ?? didIn(numbers.formsOf(number)),
    publishedDids: publishedDids(dids, numbers),
    callerId: (extension) => callerIdOf(dids, extension),
    mayAlert: (extension) => file.alertInfo.some((pattern) => matches(pattern, extension)),
    reserved(extension) {
      const reason = reservedBy(codes, extension)
      if (reason !== null) return reason
      if (globalEmergencyNumbers.includes(extension)) return `${extension} is an emergency number of every site`
      return emergencies.has(extension) ? `${extension} is an emergency number of ${file.site}` : null
    },
  }
}

function divide<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [readonly Item[], readonly Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}

function trunkOf(name: string, keys: PlanFile['trunks'][string]): Trunk {
  const { uri, from, username, password, callerId, ping, location, alertInfo, trust, diversion, forwardedCaller, outboundProxy } = keys
  const registration = registrationOf(keys)
  const host = /^sips?:(?:\[([^\]]+)\]|([^:;]+))/.exec(uri)
  const address = host?.[1] ?? host?.[2] ?? ''
  return {
    name,
    uri,
    from: from ?? (isIP(address) ? [address] : []),
    username: username ?? null,
    password: password ?? null,
    callerId: callerId ?? null,
    ...(ping === undefined ? {} : { pingSeconds: ping }),
    ...(location === 'none' ? {} : { location }),
    ...(alertInfo ? { alertInfo } : {}),
    ...(trust === 'callers' ? {} : { trust }),
    ...numberFormsOf(keys),
    ...(registration ? { registration } : {}),
    ...trunkIdentityOf(keys),
    ...trunkLimitsOf(keys),
    ...(outboundProxy === undefined ? {} : { outboundProxy }),
    ...(diversion === 'diversion' ? {} : { diversion }),
    ...(forwardedCaller === 'caller' ? {} : { forwardedCaller }),
  }
}

/** A voicemail server answers every call. Without another trunk it is kept, because the carrier may have the voicemail. */
function emergencyTrunksOf({ voicemail, routes, shortCodes }: PlanFile, trunks: readonly Trunk[]): readonly Trunk[] {
  const routed = new Set([...routes, ...Object.values(shortCodes)].flatMap((entry) => entry.trunks ?? []))
  const others = trunks.filter(({ name }) => name !== voicemail?.trunk || routed.has(name))
  return others.length > 0 ? others : trunks
}

function userRoute({ extensions }: PlanFile, digits: string): Route | null {
  const extension = parseExtension(digits)
  return extension && extensions.some((pattern) => matches(pattern, digits)) ? { kind: 'user', extension } : null
}

function isBeginning(digits: string, extension: Pattern): boolean {
  const typed = parsePattern(digits)
  return typed !== null && begins(typed, extension)
}

/** The first matching route of the file. A number with `+` is complete and needs no prefix. */
function outsideRoute({ outside, routes }: PlanFile, outsideTo: OutsideRoutes, digits: string): Route | null {
  const complete = digits.startsWith('+')
  if (!complete && !digits.startsWith(outside)) return null
  const number = complete ? digits : digits.slice(outside.length)
  const found = routes.find(({ match }) => matches(match, number))
  return found ? outsideTo(number, found) : null
}

function withoutHash(digits: string): string {
  return digits.length > 1 && digits.endsWith('#') ? digits.slice(0, -1) : digits
}
