import type { SiteName } from '../../base/identity.js'
import type { User } from '../../directory/directory.js'
import { emergencyDigits } from '../../sip/uri/dialled.js'
import type { DestinationOf, Knowledge } from '../routing/contract.js'

/** The longest chain of codes that is followed. It limits the work that digits from a stranger can cause. */
const maxCodes = 8

/** What the caller may mean by a number, besides an emergency number of the site where the phone is. */
interface Meant {
  /** The sites that the codes name. */
  readonly sites: readonly SiteName[]
  /** A visitor may dial an emergency number of their home site. */
  readonly user: User | null
}

/**
 * The number to call from here for an emergency number behind break-out codes, one or several in a row; null for other digits. Help is needed
 * at the phone, whatever site the caller has named.
 */
export function emergencyBehindCodes(dialled: string, user: () => User | null, knowledge: Knowledge): string | null {
  const sites: SiteName[] = []
  let digits = dialled
  for (let codes = 0; codes < maxCodes; codes += 1) {
    const route = knowledge.dialplan.route(digits)
    if (route.kind !== 'break-out') return null
    if (route.site !== null) sites.push(route.site)
    digits = route.digits.replace(/[-.() ]/g, '')
    const number = emergencyFor(digits, { sites, user: user() }, knowledge)
    if (number !== null) return number
  }
  return null
}

/** The number to call from here; null if the digits are not an emergency number of this site, of those sites or of the user's home. */
function emergencyFor(digits: string, meant: Meant, knowledge: Knowledge): string | null {
  const { dialplan } = knowledge
  const lists = listsOf(meant, knowledge)
  const number = emergencyDigits(withoutSigns(digits))
  // People may dial the digit for an outside line of any of these sites, before a number of any of them.
  for (const prefix of ['', dialplan.outside, ...lists.flatMap(prefixesIn)]) {
    if (!number.startsWith(prefix)) continue
    const bare = number.slice(prefix.length)
    const own = dialplan.emergency(bare)
    if (own !== null) return own
    if (lists.some((list) => list.includes(bare))) return dialplan.emergency('112')
  }
  return null
}

function listsOf({ sites, user }: Meant, { directory }: Knowledge): readonly (readonly string[])[] {
  return [...sites, ...(user ? [user.home] : [])].map((site) => directory.site(site)?.emergency ?? [])
}

/** Each site has 112 among its emergency numbers, alone and behind its digits for an outside line. */
function prefixesIn(numbers: readonly string[]): readonly string[] {
  return numbers.filter((number) => number.endsWith('112')).map((number) => number.slice(0, -'112'.length))
}

/**
 * Some people dial a sign between the code and the number, as in `*6944*112`. Two digits behind a sign are no emergency number: `*15` may be a
 * code of the other site. A name that is not one of a site is skipped.
 */
function withoutSigns(digits: string): string {
  const number = /[^0-9+*#]/.test(digits) ? digits.slice(digits.lastIndexOf('*') + 1) : digits
  return number.replace(/^[*#]+(?=[0-9]{3,}[*#]*$)/, '')
}

// ── in the spoken menu ───────────────────────────────────────────────────────────────────────────────────────────────

/** Digits that a caller types, and the site chosen before. */
interface Typed {
  readonly digits: string
  readonly site: SiteName | null
}

/** The emergency call for digits typed in the menu, which may begin with codes; null for other digits. */
export function emergencyTyped({ digits, site }: Typed, user: User | null, knowledge: Knowledge): DestinationOf<'emergency'> | null {
  const { dialplan, trunks } = knowledge
  const number = emergencyFor(digits, { sites: siteIn(site), user }, knowledge) ?? emergencyBehindCodes(digits, () => user, knowledge)
  return number === null ? null : { kind: 'emergency', number, trunks: trunks.order(dialplan.emergencyTrunks) }
}

/** `so far`: other digits may follow. */
export type JudgeTyped = (digits: string, site: SiteName | null, extent: 'so far' | 'complete') => 'emergency' | 'beginning' | 'ordinary'

/**
 * Finds an emergency number as soon as it is typed. If an extension begins with the same digits, the caller's pause decides, because
 * colleagues with such an extension would otherwise cause emergency calls.
 */
export function judgeTyped(user: User | null, knowledge: Knowledge): JudgeTyped {
  const { dialplan } = knowledge
  return (digits, site, extent) => {
    const isEmergency = emergencyTyped({ digits, site }, user, knowledge) !== null
    if (extent === 'complete') return isEmergency ? 'emergency' : 'ordinary'
    if (isEmergency) return dialplan.beginsExtension(digits) ? 'beginning' : 'emergency'
    const known = [dialplan.emergencyNumbers, ...listsOf({ sites: siteIn(site), user }, knowledge)].flat()
    return known.some((number) => number.startsWith(digits)) ? 'beginning' : 'ordinary'
  }
}

function siteIn(site: SiteName | null): readonly SiteName[] {
  return site === null ? [] : [site]
}
