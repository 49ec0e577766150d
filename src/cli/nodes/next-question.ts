import type { Reply } from '../../control/control.js'

/** The command that shows how the call goes on at another site; null: it does not. */
export function nextQuestion({ destination }: Reply<'why'>['explanation'], from: string | null): string | null {
  const { kind, site, digits, sites } = destination
  const by = from === null ? '' : ` --from ${from}`
  const number = typeof digits === 'string' && digits !== '' ? quoted(digits) : 'NUMBER'
  if (kind === 'break-out') return `hotdesk why ${number} --at ${String(site)}${by}`
  if (kind !== 'break-out-menu') return null
  const chosen =
    typeof site === 'string' ? site : Array.isArray(sites) && sites.length === 1 ? String(sites[0]).replace(/^[0-9] /, '') : 'SITE'
  return `hotdesk why ${number} --at ${chosen}${by}`
}

/** Shells expand `*` and take `#` for a comment. */
function quoted(digits: string): string {
  return /[*#]/.test(digits) ? `'${digits}'` : digits
}
