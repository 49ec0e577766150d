import { parseSiteName, type SiteName } from '../../base/identity.js'
import { blockOf, form, isBlock, keyText, type ParsedFile, type Problem, quote } from '../../config/yaml/yaml-schema.js'
import { globalEmergencyNumbers } from '../../sip/uri/dialled.js'

const key = form('a key, 0 to 9', (text) => (/^[0-9]$/.test(text) ? text : null), { pattern: '^[0-9]$' })
const site = form('a site such as london', parseSiteName, { pattern: '^[a-z][a-z0-9-]{0,31}$' })

/** `breakOutMenu` of a dial plan. */
export const breakOutMenuKey = blockOf(key, site)
  .prefault({})
  .describe('Key → site, for break-out codes that name no site. Default: the other sites of the network by name.')

/** A key of the spoken menu, and its site. */
export interface SiteChoice {
  readonly key: string
  readonly site: SiteName
}

/** What a caller may choose whose break-out code names no site. */
export interface BreakOutMenu {
  /** Empty: the other sites of the network. */
  readonly menu: readonly SiteChoice[]
  /** The keys for them: a caller who needs help types its number without listening. */
  readonly freeKeys: readonly string[]
}

const keys = Array.from('1234567890')

export function breakOutMenuOf(menu: Readonly<Record<string, SiteName>>, emergencyNumbers: readonly string[]): BreakOutMenu {
  return {
    menu: keys.flatMap((each) => (menu[each] === undefined ? [] : [{ key: each, site: menu[each] }])),
    freeKeys: keys.filter((each) => !emergencyNumbers.some((number) => number.startsWith(each))),
  }
}

/** A key of the menu must not begin an emergency number. Reads the text as written, so that other problems hide none of these. */
export function breakOutMenuChecks(written: ParsedFile): Problem[] {
  const { breakOutMenu, emergency, outside } = isBlock(written.value) ? written.value : {}
  const numbers = [...globalEmergencyNumbers, ...Object.keys(isBlock(emergency) ? emergency : {})]
  const dialled = typeof outside === 'string' ? [...numbers, ...numbers.map((number) => `${outside}${number}`)] : numbers
  return Object.keys(isBlock(breakOutMenu) ? breakOutMenu : {}).flatMap((name) => {
    const begun = dialled.find((number) => number.startsWith(name))
    const path = ['breakOutMenu', name]
    return begun === undefined
      ? []
      : [{ place: written.placeOf(path), key: keyText(path), message: `${quote(name)} is the beginning of the emergency number ${begun}` }]
  })
}
