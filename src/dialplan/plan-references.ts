import type { Extension, SiteName } from '../base/identity.js'
import { globalEmergencyNumbers } from '../sip/uri/dialled.js'
import { matches, type Pattern, parsePattern } from './pattern.js'
import type { ShortCode } from './short-codes/short-code.js'

/** A key of the file that leads to users. */
interface UserReference {
  /** `dids +44207946010X` */
  readonly key: string
  /** `10X` */
  readonly target: string
  isOf(extension: Extension): boolean
}

/** What the file of a site names but does not define. */
export interface PlanReferences {
  /** Short codes that break out to a named site. */
  readonly breakOuts: readonly { readonly code: string; readonly site: SiteName }[]
  readonly users: readonly UserReference[]
  /** Short codes whose forward is an emergency number for some digits: such a call is refused. */
  readonly emergencyForwards: readonly { readonly code: string; readonly target: string; readonly number: string }[]
}

interface ReferringFile {
  readonly shortCodes: Readonly<Record<string, ShortCode>>
  readonly dids: Readonly<Record<string, Pattern>>
  readonly emergencyDesk: readonly Extension[]
  readonly emergency: Readonly<Record<string, string>>
  readonly outside: string
}

export function referencesOf({ shortCodes, dids, emergencyDesk, emergency, outside }: ReferringFile): PlanReferences {
  const codes = Object.entries(shortCodes)
  const emergencies = [...globalEmergencyNumbers, ...Object.keys(emergency)].flatMap((number) => [number, `${outside}${number}`])
  const numberIn = (target: Pattern): string | undefined => emergencies.find((number) => matches(target, number))
  const user = (key: string, target: Pattern): UserReference => ({
    key,
    target: target.text,
    isOf: (extension) => matches(target, extension),
  })
  return {
    breakOuts: codes.flatMap(([code, { breakOut: site }]) => (site === undefined || site === 'any' ? [] : [{ code, site }])),
    users: [
      ...Object.entries(dids).map(([number, target]) => user(`dids ${number}`, target)),
      ...codes.flatMap(([code, { extension }]) => (extension ? [user(`short code ${code}`, extension)] : [])),
      ...emergencyDesk.flatMap((extension) => {
        const target = parsePattern(extension)
        return target ? [user('emergencyDesk', target)] : []
      }),
    ],
    emergencyForwards: codes.flatMap(([code, { forward }]) => {
      const number = forward && numberIn(forward)
      return forward && number ? [{ code, target: forward.text, number }] : []
    }),
  }
}
