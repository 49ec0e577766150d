import { canonicalName as spelled } from '../../sip/headers/header-names.js'

const token = /^[\w\-.!%*+`'~]+$/
/** Applications use few names repeatedly. The limit keeps a hostile one from filling memory. */
const remembered = new Map<string, string>()
const maxRemembered = 1000

/** drachtio's spelling: known names as in their RFC, `X-` names unchanged, others with capitals. Null for an invalid name. */
export function wireName(name: string): string | null {
  const known = remembered.get(name)
  if (known !== undefined) return known
  if (!token.test(name)) return null
  const spelling = name.startsWith('X-') || name.startsWith('x-') ? name : spelled(name)
  if (remembered.size < maxRemembered) remembered.set(name, spelling)
  return spelling
}
