import { canonicalName as spelled } from '../../sip/headers/header-names.js'

const token = /^[\w\-.!%*+`'~]+$/
/** Applications use few names again and again; the bound keeps a hostile one from filling memory. */
const remembered = new Map<string, string>()
const mostRemembered = 1000

/** drachtio's spelling: known names as their RFC, `X-` names as they stand, of others each word with a capital. Null for what is no token. */
export function wireName(name: string): string | null {
  const known = remembered.get(name)
  if (known !== undefined) return known
  if (!token.test(name)) return null
  const spelling = name.startsWith('X-') || name.startsWith('x-') ? name : spelled(name)
  if (remembered.size < mostRemembered) remembered.set(name, spelling)
  return spelling
}
